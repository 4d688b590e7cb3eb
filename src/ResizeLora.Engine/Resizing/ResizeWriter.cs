using ResizeLora.Adapters;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>
/// Carries out a plan: computes the kept factors in parallel and writes them in the order of the layout, hashing on the way.
/// </summary>
internal static class ResizeWriter
{
    /// <summary>Writes the file of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="adapter">The LoRA file that it was made for.</param>
    /// <param name="path">The output.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <param name="device">Where the products are made.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work; no file is left then.</param>
    /// <returns>The layers that the output's type cannot hold within its tolerance, with their errors relative to ‖ΔW‖F.</returns>
    public static IReadOnlyList<(string Layer, double Error)> Write(
        ResizePlan plan,
        Adapter adapter,
        string path,
        bool overwrite,
        ComputeDevice device,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        Dictionary<string, string> metadata = new(plan.Layout.Metadata, StringComparer.Ordinal);
        using var hash = new AdditionalNetworksHash(plan.Layout.WithMetadata(ResizeMetadata.TrainingOnly(metadata)).Prefix.Span);
        using SafetensorsWriter writer = SafetensorsWriter.Create(path, plan.Layout);
        Dictionary<string, LayerPlan> layers = plan
            .Layers.Where(static layer => layer.Result.NewRank > 0)
            .ToDictionary(static layer => layer.Result.Layer, StringComparer.Ordinal);
        Dictionary<string, TensorEntry> copied = plan.Copied.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        List<Segment> segments = Split(plan.Layout.Tensors, layers, copied);
        var inexact = new List<(string Layer, double Error)>();
        int done = 0;
        foreach (
            (Segment segment, Product product) in LayerWorkers.InOrder(
                segments,
                LayerThreads.CountFor(device),
                segment => (segment, Produce(segment, plan, adapter, device)),
                cancellationToken
            )
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (segment.Copied is { } tensor)
            {
                adapter.Verified.ReadPieces(
                    tensor,
                    piece =>
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        writer.Write(piece);
                        hash.Append(piece);
                    }
                );
            }

            if (product.Error is { } error)
            {
                inexact.Add((segment.Layer!.Result.Layer, error));
            }

            foreach (byte[] part in product.Parts)
            {
                writer.Write(part);
                hash.Append(part);
            }

            progress?.Report(new EngineProgress($"Writing {Path.GetFileName(path)}", ++done, segments.Count));
        }

        metadata[AdditionalNetworksHash.ModelKey] = hash.ModelHash();
        metadata[AdditionalNetworksHash.LegacyKey] = hash.LegacyHash();
        cancellationToken.ThrowIfCancellationRequested();

        // The factors and the copied tensors are compared as they are read; this is for alphas.
        if (adapter.File.HasChanged())
        {
            throw AdapterException.Stale(adapter.Path, plan.Layers.Count > 0 ? plan.Layers[0].Result.Layer : string.Empty);
        }

        writer.Commit(metadata, overwrite);

        // A copied tensor whose name lies between those of a layer's factors makes two segments of the layer.
        return inexact.Distinct().ToArray();
    }

    // Consecutive tensors of one layer are computed together; a copied tensor stands alone, as it may be large.
    private static List<Segment> Split(
        IReadOnlyList<TensorEntry> tensors,
        Dictionary<string, LayerPlan> layers,
        Dictionary<string, TensorEntry> copied
    )
    {
        var segments = new List<Segment>();
        foreach (TensorEntry tensor in tensors)
        {
            if (copied.TryGetValue(tensor.Name, out TensorEntry? source))
            {
                segments.Add(new Segment(null, source, []));
                continue;
            }

            LayerPlan layer = layers[LayerOf(tensor.Name)];
            if (segments.Count == 0 || segments[^1].Layer != layer)
            {
                segments.Add(new Segment(layer, null, []));
            }

            segments[^1].Tensors.Add(tensor);
        }

        return segments;
    }

    private static string LayerOf(string tensorName)
    {
        string suffix =
            tensorName.EndsWith(AdapterLayer.AlphaSuffix, StringComparison.Ordinal) ? AdapterLayer.AlphaSuffix
            : tensorName.EndsWith(AdapterLayer.DownSuffix, StringComparison.Ordinal) ? AdapterLayer.DownSuffix
            : AdapterLayer.UpSuffix;
        return tensorName[..^suffix.Length];
    }

    private static Product Produce(Segment segment, ResizePlan plan, Adapter adapter, ComputeDevice device)
    {
        if (segment.Layer is not { } layer)
        {
            return new Product([], null);
        }

        OutputAlpha alpha = OutputAlpha.Create(layer.Spectrum.Source.Scale, layer.Result.NewRank, plan.DataType);
        FactorEncoding? factors = null;
        var parts = new List<byte[]>(segment.Tensors.Count);
        foreach (TensorEntry tensor in segment.Tensors)
        {
            if (tensor.Name.EndsWith(AdapterLayer.AlphaSuffix, StringComparison.Ordinal))
            {
                parts.Add(alpha.Bytes);
                continue;
            }

            double gain = alpha.Gain * plan.Recipe.Rescale;
            factors ??= LayerTruncation.Compute(layer.Spectrum, adapter.File, layer.Kept, gain, plan.DataType, device);
            parts.Add(tensor.Name.EndsWith(AdapterLayer.DownSuffix, StringComparison.Ordinal) ? factors.Down : factors.Up);
        }

        return new Product([.. parts], factors?.Error);
    }

    private sealed record Product(byte[][] Parts, double? Error);

    private sealed record Segment(LayerPlan? Layer, TensorEntry? Copied, List<TensorEntry> Tensors);
}
