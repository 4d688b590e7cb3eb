using ResizeLora.Safetensors;

namespace ResizeLora.Adapters;

/// <summary>Opens the files of a folder as its owner keeps them: LoRA files among checkpoints, earlier outputs and other things.</summary>
public static class LoraFileOpener
{
    private static readonly string[] SafetensorsExtensions = [".safetensors", ".sft", string.Empty];

    /// <summary>Opens a LoRA file, or says why it is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="again">Whether a file that was resized before is opened too.</param>
    /// <param name="leftAlone">Why the answer is null: a clause to follow the file's name.</param>
    /// <returns>The open file, or null when it is none to resize.</returns>
    /// <exception cref="UnsupportedFileException">It is a pickle, which cannot be read safely.</exception>
    /// <exception cref="SafetensorsException">It is damaged.</exception>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter? TryOpen(string path, bool again, out string? leftAlone)
    {
        SafetensorsFile? file = TryOpenFile(path, out leftAlone);
        if (file is null)
        {
            return null;
        }

        leftAlone = Adapter.KindOf(file.Header) switch
        {
            AdapterFileKind.Checkpoint => "is a whole model, not a LoRA",
            AdapterFileKind.OtherAdapter => "is an adapter of a kind, or in names, that cannot be resized (LyCORIS, PEFT or diffusers)",
            AdapterFileKind.Other => "holds no LoRA layers",
            _ when !again && Adapter.ResizedWith(file.Header.Metadata) is { } how => $"was resized before ({how}); -Force resizes it again",
            _ => null,
        };
        if (leftAlone is not null)
        {
            file.Dispose();
            return null;
        }

        Adapter adapter = Adapter.Read(file);
        if (adapter.Layers.Count == 0)
        {
            adapter.Dispose();
            string[] kept = [.. adapter.KeptLayers.Select(static layer => $"{layer.Name} ({layer.Reason})")];
            leftAlone = $"holds no layer that can be resized: {NameSummary.Sample(kept)}";
            return null;
        }

        return adapter;
    }

    /// <summary>Opens a safetensors file of any content, or says why it is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="leftAlone">Why the answer is null: a clause to follow the file's name.</param>
    /// <exception cref="UnsupportedFileException">It is a pickle, which cannot be read safely.</exception>
    /// <exception cref="SafetensorsException">It is damaged.</exception>
    internal static SafetensorsFile? TryOpenFile(string path, out string? leftAlone)
    {
        leftAlone = null;
        if (Directory.Exists(path))
        {
            leftAlone = "is a folder";
            return null;
        }

        UnsupportedFileException.ThrowIfPickle(path);
        string extension = Path.GetExtension(path).ToLowerInvariant();
        if (!SafetensorsExtensions.Contains(extension))
        {
            leftAlone = $"is no safetensors file but '{extension}'";
            return null;
        }

        return SafetensorsFile.Open(path);
    }
}
