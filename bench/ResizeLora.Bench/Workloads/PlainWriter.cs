using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Bench.Workloads;

/// <summary>Writes 16-bit tensors that are all in memory, as safetensors' save_file does: header, then one tensor after another.</summary>
internal static class PlainWriter
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="tensors">The tensors by name.</param>
    public static void Write(string path, Dictionary<string, Tensor> tensors)
    {
        var layout = SafetensorsLayout.Create(
            tensors.Select(static pair => (pair.Key, TensorType.Float16, (IReadOnlyList<long>)pair.Value.shape)),
            new Dictionary<string, string>()
        );
        using FileStream stream = File.Create(path);
        stream.Write(layout.Prefix.Span);
        foreach (TensorEntry entry in layout.Tensors)
        {
            stream.Write(tensors[entry.Name].contiguous().bytes);
        }
    }
}
