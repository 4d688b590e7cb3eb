using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Opens the files of a folder as its owner keeps them: LoRA files among checkpoints, earlier outputs and other things.</summary>
public static class LoraFileOpener
{
    private static readonly string[] SafetensorsExtensions = [".safetensors", ".sft", string.Empty];

    /// <summary>Opens a LoRA file, or says why it is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="again">Whether a file that was resized before is opened too.</param>
    /// <param name="skipped">Why the answer is null.</param>
    /// <returns>The open file, or null when it is none to resize.</returns>
    /// <exception cref="UnsupportedFileException">It is a pickle, which cannot be read safely.</exception>
    /// <exception cref="SafetensorsException">It is damaged.</exception>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter? TryOpen(string path, bool again, out SkipReason? skipped)
    {
        SafetensorsFile? file = TryOpenFile(path, out skipped);
        if (file is null)
        {
            return null;
        }

        skipped = Adapter.KindOf(file.Header) switch
        {
            AdapterFileKind.Checkpoint => new SkipReason("is a whole model, not a LoRA"),
            AdapterFileKind.OtherAdapter => new SkipReason(
                $"is an adapter of a kind that cannot be resized: {LayerInventory.Of(file.Header.Tensors).Kind()}"
            ),
            AdapterFileKind.Other => new SkipReason("holds no LoRA layers"),
            _ when !again && Adapter.ResizedWith(file.Header.Metadata) is { } how => new SkipReason(
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

        Adapter adapter = Adapter.Read(file);
        if (adapter.Layers.Count == 0)
        {
            adapter.Dispose();
            string[] kept = [.. adapter.KeptLayers.Select(static layer => $"{layer.Name} ({layer.Reason})")];
            skipped = new SkipReason($"holds no layer that can be resized: {NameSummary.Sample(kept)}");
            return null;
        }

        return adapter;
    }

    /// <summary>Opens an adapter of any family, or says why the file is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="skipped">Why the answer is null.</param>
    /// <returns>The open file, or null when it is no adapter.</returns>
    /// <exception cref="UnsupportedFileException">It is a pickle, which cannot be read safely.</exception>
    /// <exception cref="SafetensorsException">It is damaged.</exception>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter? TryOpenAdapter(string path, out SkipReason? skipped)
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
            _ => null,
        };
        if (skipped is not null)
        {
            file.Dispose();
            return null;
        }

        return Adapter.Read(file);
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
    /// <summary>The clause.</summary>
    public override string ToString() => Text;
}
