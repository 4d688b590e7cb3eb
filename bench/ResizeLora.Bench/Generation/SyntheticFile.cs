using ResizeLora.Files;

namespace ResizeLora.Bench.Generation;

/// <summary>Writes a safetensors file as the sources of its tensors make them, a few megabytes at a time.</summary>
internal static class SyntheticFile
{
    /// <summary>Writes the file, unless it is there in its right size.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">The metadata.</param>
    /// <returns>Whether it was written.</returns>
    public static bool Write(string path, IEnumerable<SyntheticTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var byName = tensors.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        var layout = SafetensorsLayout.Create(
            byName.Values.Select(static tensor => (tensor.Name, tensor.Format.Type, (IReadOnlyList<long>)tensor.Shape)),
            metadata
        );
        if (BenchFile.IsThere(path, layout.FileLength))
        {
            return false;
        }

        using SafetensorsWriter writer = SafetensorsWriter.Create(path, layout);
        foreach ((_, byte[] bytes) in SyntheticTensor.Make(layout.Tensors.Select(entry => byName[entry.Name])))
        {
            writer.Write(bytes);
        }

        writer.Commit(metadata, overwrite: true);
        return true;
    }
}
