using System.Diagnostics;
using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Conversion;

/// <summary>Writes LoRA files with other names, as another kind, or in another type; the change of the weights stays what it is.</summary>
public static class LoraConverter
{
    /// <summary>Plans a conversion, and says what would be left behind or become larger.</summary>
    /// <param name="making">What the output is made from and how; its LoRA stays open until the output is written.</param>
    /// <param name="progress">Takes the notes.</param>
    /// <exception cref="ConversionException">A layer cannot be written so, and is not to be left out.</exception>
    public static ConversionPlan Plan(ConversionMaking making, IProgress<EngineEvent>? progress)
    {
        ArgumentNullException.ThrowIfNull(making);
        Adapter adapter = making.Adapter;
        ConversionPlan plan;
        try
        {
            plan = ConversionPlanner.Plan(making);
        }
        catch (ConversionException exception)
        {
            NameSummary.List(
                progress,
                adapter.Path,
                "cannot be written as asked",
                "layer",
                NamesOf(exception.Unwritten),
                ReasonsOf(exception.Unwritten),
                adapter.Architecture
            );
            throw;
        }

        NameSummary.Warn(
            progress,
            adapter.Path,
            "left behind",
            "layer",
            NamesOf(plan.LeftBehind),
            ReasonsOf(plan.LeftBehind),
            architecture: adapter.Architecture
        );
        bool isComputed = plan.Pairs.Any(static pair => pair.Columns.Any(static columns => columns.Layer.StoredTensors is not null));
        if (isComputed && plan.Length > plan.OldLength)
        {
            double ratio = (double)plan.Length / plan.OldLength;
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"'{adapter.Path}': as pairs of factors the file is {ratio:0.0} times as large: "
                    + $"{plan.Length:N0} bytes, not {plan.OldLength:N0}."
            );
            progress?.Report(new EngineNote(EngineNoteLevel.Warning, text));
        }

        return plan;
    }

    /// <summary>Writes the file of a plan, whole or not at all.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="path">The output; its folder exists.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <param name="progress">Told how far it is, and of rounding.</param>
    /// <param name="cancellationToken">Ends the work; no file is left then.</param>
    /// <exception cref="OutputException">The output is the input, exists, or cannot be written.</exception>
    public static LoraConversion Write(
        ConversionPlan plan,
        string path,
        bool overwrite,
        IProgress<EngineEvent>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        var clock = Stopwatch.StartNew();
        Adapter adapter = plan.Adapter;
        OutputGuard.Check(path, adapter.SourcePaths);
        Dictionary<string, string> metadata = new(plan.Layout.Metadata, StringComparer.Ordinal);
        using var hash = new AdditionalNetworksHash(plan.Layout.WithMetadata(ResizeMetadata.TrainingOnly(metadata)).Prefix.Span);
        using SafetensorsWriter writer = SafetensorsWriter.Create(path, plan.Layout);
        Dictionary<string, ConvertedTensor> tensors = plan.Tensors.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        int done = 0;
        foreach (TensorEntry entry in plan.Layout.Tensors)
        {
            tensors[entry.Name]
                .Write(piece =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    writer.Write(piece);
                    hash.Append(piece);
                });
            progress?.Report(new EngineProgress($"Writing {Path.GetFileName(path)}", ++done, plan.Layout.Tensors.Count));
        }

        metadata[AdditionalNetworksHash.ModelKey] = hash.ModelHash();
        metadata[AdditionalNetworksHash.LegacyKey] = hash.LegacyHash();
        cancellationToken.ThrowIfCancellationRequested();
        if (adapter.File.HasChanged())
        {
            throw new ConversionException(adapter.Path, "Stale", "was written to while it was read; start again when that is done.");
        }

        if (plan.PeftSettings is { } settings)
        {
            PeftOutput.WriteBeside(settings, path);
        }

        writer.Commit(metadata, overwrite);
        string[] rounded = [.. plan.Pairs.Where(static pair => pair.IsRounded).Select(static pair => pair.Name)];
        NameSummary.Warn(
            progress,
            path,
            "the scale is no power of two and was rounded into the factors",
            "layer",
            rounded,
            noteCase: EngineNote.RoundedScale,
            architecture: adapter.Architecture
        );
        return new LoraConversion(plan, path, rounded.Length, clock.Elapsed);
    }

    private static string[] NamesOf(IReadOnlyList<UnwrittenLayer> layers) => [.. layers.Select(static layer => layer.Name)];

    private static string[] ReasonsOf(IReadOnlyList<UnwrittenLayer> layers) => [.. layers.Select(static layer => layer.Reason)];
}
