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
        LayerDevice device,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        Dictionary<string, string> metadata = new(plan.Layout.Metadata, StringComparer.Ordinal);
        using var hash = new AdditionalNetworksHash(plan.Layout.WithMetadata(ResizeMetadata.TrainingOnly(metadata)).Prefix.Span);
        using SafetensorsWriter writer = SafetensorsWriter.Create(path, plan.Layout);
        Dictionary<string, TensorEntry> copied = plan.Copied.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        List<Segment> segments = Split(plan, copied);
        var inexact = new List<(string Layer, double Error)>();
        int done = 0;
        foreach (
            (Segment segment, Product product) in LayerWorkers.InOrder(
                segments,
                LayerThreads.Count,
                segment => (segment, Produce(segment, plan, adapter, device)),
                cancellationToken,
                static segment => segment.Tensors.Sum(static tensor => tensor.ByteLength)
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

            inexact.AddRange(product.Errors);

            foreach (byte[] part in product.Parts)
            {
                writer.Write(part);
                hash.Append(part);
                LargeGarbage.Add(part.Length);
            }

            progress?.Report(new EngineProgress($"Writing {Path.GetFileName(path)}", ++done, segments.Count));
        }

        device.WarnOfMemory(progress);
        metadata[AdditionalNetworksHash.ModelKey] = hash.ModelHash();
        metadata[AdditionalNetworksHash.LegacyKey] = hash.LegacyHash();
        cancellationToken.ThrowIfCancellationRequested();

        // The factors and the copied tensors are compared as they are read; this is for alphas.
        if (adapter.File.HasChanged())
        {
            throw AdapterException.Stale(adapter.Path, plan.Layers.Count > 0 ? plan.Layers[0].Result.Layer : string.Empty);
        }

        if (plan.PeftSettings is { } settings)
        {
            PeftOutput.WriteBeside(settings, path, overwrite);
        }

        writer.Commit(metadata, overwrite);

        // A copied tensor whose name lies between those of a layer's factors makes two segments of the layer.
        return inexact.Distinct().ToArray();
    }

    // Consecutive tensors of one pair are computed together; a copied tensor stands alone, as it may be large.
    private static List<Segment> Split(ResizePlan plan, Dictionary<string, TensorEntry> copied)
    {
        var pairs = new Dictionary<string, Making>(StringComparer.Ordinal);
        foreach ((OutputPair pair, OutputForm form) in plan.Pairs)
        {
            foreach ((string name, _, _) in form.Written)
            {
                pairs.Add(name, new Making(pair, form));
            }
        }

        var segments = new List<Segment>();
        foreach (TensorEntry tensor in plan.Layout.Tensors)
        {
            if (copied.TryGetValue(tensor.Name, out TensorEntry? source))
            {
                segments.Add(new Segment(null, source, []));
                continue;
            }

            Making making = pairs[tensor.Name];
            if (segments.Count == 0 || segments[^1].Making?.Pair != making.Pair)
            {
                segments.Add(new Segment(making, null, []));
            }

            segments[^1].Tensors.Add(tensor);
        }

        return segments;
    }

    private static Product Produce(Segment segment, ResizePlan plan, Adapter adapter, LayerDevice device) =>
        segment.Making is not { } making ? new Product([], [])
        : making.Form.Way == OutputWay.Stored ? ProduceRescaled(making, plan, adapter)
        : making.Form.Way == OutputWay.Reduced ? ProduceReduced(segment, making, plan, adapter, device)
        : ProducePair(segment, making, plan, adapter, device);

    private static Product ProducePair(Segment segment, Making making, ResizePlan plan, Adapter adapter, LayerDevice device)
    {
        OutputPair pair = making.Pair;
        LayerPlan[] layers = [.. pair.Layers.Select(index => plan.Layers[index]).Where(static layer => layer.Kept.Length > 0)];
        OutputAlpha alpha = pair.AlphaFor(making.Form.Rank, plan.DataType);
        FactorEncoding[]? factors = null;
        var parts = new List<byte[]>(segment.Tensors.Count);
        foreach (TensorEntry tensor in segment.Tensors)
        {
            if (tensor.Name == pair.Stored.AlphaTensor?.Name)
            {
                parts.Add(alpha.Bytes);
                continue;
            }

            double gain = alpha.Gain * plan.Recipe.Rescale;
            factors ??= Array.ConvertAll(
                layers,
                layer => LayerTruncation.Compute(layer.Spectrum, adapter, layer.Kept, gain, plan.DataType, device)
            );
            bool isDown = tensor.Name == pair.Stored.DownName;
            parts.Add(isDown ? Stack(factors) : PlaceSideBySide(factors, layers, tensor, plan.DataType));
        }

        (string, double)[] errors =
        [
            .. layers
                .Zip(factors ?? [])
                .Where(static layer => layer.Second.Error is not null)
                .Select(static layer => (layer.First.Result.Layer, layer.Second.Error!.Value)),
        ];
        return new Product([.. parts], errors);
    }

    // The one tensor of a layer that is otherwise copied, in which its strength lies.
    private static Product ProduceRescaled(Making making, ResizePlan plan, Adapter adapter)
    {
        AdapterLayer layer = making.Pair.Stored;
        if (OutputForm.ScaledTensorOf(layer) is not { } scaled)
        {
            double alpha = layer.Scale * layer.AlphaDivisor!.Value * plan.Recipe.Rescale;
            return new Product([BitConverter.GetBytes((float)alpha)], []);
        }

        double[] numbers = WeightNumbers.ToDoubles(scaled.Type, adapter.File.Read(scaled));
        byte[] rescaled = NumberEncoder.Encode(plan.DataType, Array.ConvertAll(numbers, number => number * plan.Recipe.Rescale));
        return FiniteWeights.Are(plan.DataType, rescaled)
            ? new Product([rescaled], [])
            : throw new AdapterException(
                adapter.Path,
                layer.Name,
                plan.DataType == TensorType.Float16 ? "Overflow" : "OverflowWidest",
                FormattableString.Invariant($"its values reach {numbers.Max(Math.Abs):g3}, too large for {plan.DataType}.")
            );
    }

    private static Product ProduceReduced(Segment segment, Making making, ResizePlan plan, Adapter adapter, LayerDevice device)
    {
        LayerPlan layer = plan.Layers[making.Pair.Layers[0]];
        int rank = making.Form.SecondRank;
        var alpha = OutputAlpha.Create(making.Pair.Stored.Scale, rank, plan.DataType);
        FactorEncoding? factors = null;
        var parts = new List<byte[]>(segment.Tensors.Count);
        foreach (TensorEntry tensor in segment.Tensors)
        {
            if (tensor.Name == OutputForm.NameOfAlpha(making.Pair.Stored))
            {
                parts.Add(alpha.Bytes);
                continue;
            }

            factors ??= LayerTruncation.CutSecondHalf(
                layer.Spectrum,
                adapter,
                rank,
                alpha.Gain * plan.Recipe.Rescale,
                plan.DataType,
                device
            );
            parts.Add(tensor.Name.EndsWith("_a", StringComparison.Ordinal) ? factors.Up : factors.Down);
        }

        (string, double)[] errors = factors?.Error is { } error ? [(layer.Result.Layer, error)] : [];
        return new Product([.. parts], errors);
    }

    private static byte[] Stack(FactorEncoding[] factors) =>
        factors is [var only] ? only.Down : [.. factors.SelectMany(static factor => factor.Down)];

    // The ups of a fused layer's blocks stand in the rows of their parts, with zeros around them.
    private static byte[] PlaceSideBySide(FactorEncoding[] factors, LayerPlan[] layers, TensorEntry up, TensorType type)
    {
        if (layers[0].Spectrum.Source.Fused is not { } fused)
        {
            return factors[0].Up;
        }

        int elementLength = TensorTypes.BytesOf(type);
        int rowLength = (int)up.Shape[1] * elementLength;
        byte[] whole = new byte[up.ByteLength];
        int column = 0;
        for (int index = 0; index < layers.Length; index++)
        {
            int part = layers[index].Spectrum.Source.FusedPart;
            int firstRow = fused.Heights.Take(part).Sum();
            int width = layers[index].Kept.Length * elementLength;
            for (int row = 0; row < fused.Heights[part]; row++)
            {
                factors[index].Up.AsSpan(row * width, width).CopyTo(whole.AsSpan(((firstRow + row) * rowLength) + column));
            }

            column += width;
        }

        return whole;
    }

    private sealed record Product(byte[][] Parts, IReadOnlyList<(string Layer, double Error)> Errors);

    private sealed record Making(OutputPair Pair, OutputForm Form);

    private sealed record Segment(Making? Making, TensorEntry? Copied, List<TensorEntry> Tensors);
}
