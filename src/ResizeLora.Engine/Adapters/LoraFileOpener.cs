using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Opens the files of a folder as its owner keeps them: LoRA files among checkpoints, earlier outputs and other things.</summary>
public static class LoraFileOpener
{
    private static readonly string[] SafetensorsExtensions = [".safetensors", ".sft", string.Empty];

    /// <summary>Opens a LoRA file, or says why it is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What is taken for a layer, and which files are opened.</param>
    /// <param name="skipped">Why the answer is null.</param>
    /// <returns>The open file, or null when it is none to resize.</returns>
    /// <exception cref="UnsupportedFileException">It is a pickle, which cannot be read safely.</exception>
    /// <exception cref="SafetensorsException">It is damaged.</exception>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter? TryOpen(string path, LoraFileOptions options, out SkipReason? skipped)
    {
        SafetensorsFile? file = TryOpenFile(path, out skipped);
        if (file is null)
        {
            return null;
        }

        skipped = Adapter.KindOf(file.Header) switch
        {
            AdapterFileKind.Checkpoint => new SkipReason("is a whole model, not a LoRA"),
            AdapterFileKind.Other => new SkipReason("holds no LoRA layers"),
            _ when !options.TakesResized && Adapter.ResizedWith(file.Header.Metadata) is { } how => new SkipReason(
                $"was resized before ({how})",
                WasResized: true
            ),
            _ => null,
        };
        if (skipped is not null)
        {
            file.Dispose();
            return null;
        }

        AdapterFileKind kind = Adapter.KindOf(file.Header);
        Adapter adapter = Adapter.Read(file, options.IncludeDifference);
        if (adapter.Layers.Count == 0 && !(options.HasBase && adapter.LayersOverBase.Count > 0))
        {
            skipped =
                kind == AdapterFileKind.OtherAdapter
                    ? ReasonOf(adapter)
                    : new SkipReason(
                        "holds no layer that can be resized: "
                            + NameSummary.Sample([.. adapter.KeptLayers.Select(static layer => $"{layer.Name} ({layer.Reason})")])
                    );
            adapter.Dispose();
            return null;
        }

        return adapter;
    }

    /// <summary>Opens an adapter of any family, or says why the file is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="takesConverted">Whether a file that a conversion made is opened too.</param>
    /// <param name="skipped">Why the answer is null.</param>
    /// <returns>The open file, or null when it is none to convert.</returns>
    /// <exception cref="UnsupportedFileException">It is a pickle, which cannot be read safely.</exception>
    /// <exception cref="SafetensorsException">It is damaged.</exception>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter? TryOpenAdapter(string path, bool takesConverted, out SkipReason? skipped)
    {
        SafetensorsFile? file = TryOpenFile(path, out skipped);
        if (file is null)
        {
            return null;
        }

        skipped = Adapter.KindOf(file.Header) switch
        {
            AdapterFileKind.Checkpoint => new SkipReason("is a whole model, not a LoRA"),
            AdapterFileKind.Other => new SkipReason("holds no LoRA layers"),
            _ when !takesConverted && file.Header.Metadata.ContainsKey(Adapter.ConvertKey) => new SkipReason("was converted before")
            {
                Case = SkipReason.WasConverted,
            },
            _ => null,
        };
        if (skipped is not null)
        {
            file.Dispose();
            return null;
        }

        return Adapter.Read(file);
    }

    // GLoRA needs a base model, and differences are asked for; what else is left has no factors.
    private static SkipReason ReasonOf(Adapter adapter)
    {
        AdapterKind kind = LayerInventory.Of(adapter.File.Header.Tensors).Kind();
        return adapter.LayersOverBase.Count > 0
            ? new SkipReason("is GLoRA, whose layers can be resized over their base model alone") { Case = SkipReason.NeedsBase }
            : new SkipReason($"is an adapter of a kind that cannot be resized: {kind}")
            {
                Case = kind is AdapterKind.Full or AdapterKind.Mixed ? SkipReason.HoldsDifferences : null,
            };
    }

    /// <summary>Opens a safetensors file of any content, or says why it is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="skipped">Why the answer is null.</param>
    /// <exception cref="UnsupportedFileException">It is a pickle, which cannot be read safely.</exception>
    /// <exception cref="SafetensorsException">It is damaged.</exception>
    internal static SafetensorsFile? TryOpenFile(string path, out SkipReason? skipped)
    {
        skipped = null;
        if (Directory.Exists(path))
        {
            skipped = new SkipReason("is a folder");
            return null;
        }

        UnsupportedFileException.ThrowIfPickle(path);
        string extension = Path.GetExtension(path).ToLowerInvariant();
        if (!SafetensorsExtensions.Contains(extension))
        {
            skipped = new SkipReason($"is no safetensors file but '{extension}'");
            return null;
        }

        return SafetensorsFile.Open(path);
    }
}

/// <summary>Why a file is left alone.</summary>
/// <param name="Text">A clause to follow the file's name, such as <c>is a whole model, not a LoRA</c>.</param>
/// <param name="WasResized">Whether it is only that the file was resized before.</param>
public sealed record SkipReason(string Text, bool WasResized = false)
{
    /// <summary>The case of a file whose layers need a base model.</summary>
    public const string NeedsBase = nameof(NeedsBase);

    /// <summary>The case of a file of whole differences, which were not asked for.</summary>
    public const string HoldsDifferences = nameof(HoldsDifferences);

    /// <summary>The case of a file that a conversion made.</summary>
    public const string WasConverted = nameof(WasConverted);

    /// <summary>A stable name of the reason, by which the caller adds its advice; null for most.</summary>
    public string? Case { get; init; }

    /// <summary>The clause.</summary>
    public override string ToString() => Text;
}

/// <summary>What is taken for a layer, and which files are opened.</summary>
/// <param name="TakesResized">Whether a file that was resized before is opened too.</param>
/// <param name="IncludeDifference">Whether whole differences of weights become layers.</param>
/// <param name="HasBase">Whether there is a base model, which some layers need.</param>
public readonly record struct LoraFileOptions(bool TakesResized, bool IncludeDifference = false, bool HasBase = false);
