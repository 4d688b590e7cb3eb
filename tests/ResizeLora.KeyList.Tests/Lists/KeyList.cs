using System.Text.Json;
using ResizeLora.Files;

namespace ResizeLora.KeyLists;

/// <summary>The names, types and shapes of a file, at a sixty-fourth of its width.</summary>
/// <param name="Name">The list's name.</param>
/// <param name="Tensors">Its tensors.</param>
/// <param name="Metadata">The file's metadata.</param>
/// <param name="Settings">The text of adapter_config.json beside the file, or null.</param>
internal sealed record KeyList(
    string Name,
    IReadOnlyList<ListedTensor> Tensors,
    IReadOnlyDictionary<string, string> Metadata,
    string? Settings = null
)
{
    /// <summary>A list without metadata.</summary>
    public KeyList(string name, IEnumerable<ListedTensor> tensors)
        : this(name, [.. tensors], new Dictionary<string, string>()) { }

    /// <summary>Reads a list of ../shared/reach/keylists.</summary>
    /// <param name="path">The file.</param>
    public static KeyList Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement root = document.RootElement;
        var tensors = new List<ListedTensor>();
        foreach (JsonProperty tensor in root.GetProperty("tensors").EnumerateObject())
        {
            string? type = tensor.Value.GetProperty("dtype").GetString();
            long[] shape = [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(static side => side.GetInt64())];
            tensors.Add(new ListedTensor(tensor.Name, TypeOf(type), shape));
        }

        tensors = Narrowing.Apply(tensors);

        Dictionary<string, string> metadata = root.TryGetProperty("metadata", out JsonElement texts)
            ? texts.EnumerateObject().ToDictionary(static text => text.Name, static text => text.Value.ToString())
            : [];
        string? settings = root.TryGetProperty("sidecar", out JsonElement sidecar)
            ? sidecar.GetProperty("adapter_config.json").GetRawText()
            : null;
        return new KeyList(Path.GetFileNameWithoutExtension(path), tensors, metadata, settings);
    }

    /// <summary>Writes the file.</summary>
    /// <param name="path">Where to.</param>
    /// <returns>The path.</returns>
    public string Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (Settings is not null)
        {
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(path)!, "adapter_config.json"), Settings);
        }

        return SampleFiles.Write(path, Tensors.Select(static tensor => tensor.ToSample()), Metadata);
    }

    private static TensorType TypeOf(string? name) =>
        name switch
        {
            null => TensorType.Float16,
            "F32" => TensorType.Float32,
            "F16" => TensorType.Float16,
            "BF16" => TensorType.BFloat16,
            "I64" => TensorType.Int64,
            "U8" => TensorType.UInt8,
            _ => throw new InvalidDataException(name),
        };
}
