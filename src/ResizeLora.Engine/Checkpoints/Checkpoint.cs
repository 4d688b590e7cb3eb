using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>An open base model: the weight that each LoRA layer name means.</summary>
public sealed class Checkpoint : IDisposable
{
    private readonly Dictionary<string, BaseWeight> weights;

    private Checkpoint(SafetensorsFile file, Dictionary<string, BaseWeight> weights)
    {
        File = file;
        this.weights = weights;
    }

    /// <summary>The file, owned by this object.</summary>
    public SafetensorsFile File { get; }

    /// <summary>The full path.</summary>
    public string Path => File.Path;

    /// <summary>The family of the model, such as <c>SDXL</c>, from its tensors' names; null when they do not tell.</summary>
    public string? Family => BaseModelFamily.Of(File.Header);

    /// <summary>All weights that a LoRA layer can name.</summary>
    public IReadOnlyCollection<BaseWeight> Weights => weights.Values;

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="path">A safetensors file in Stability's SDXL layout.</param>
    /// <exception cref="UnsupportedFileException">The file is a pickle.</exception>
    /// <exception cref="SafetensorsException">The file is malformed.</exception>
    /// <exception cref="CheckpointException">It is missing, or no layer of an SDXL model is in it.</exception>
    public static Checkpoint Open(string path)
    {
        UnsupportedFileException.ThrowIfPickle(path);
        if (Directory.Exists(path))
        {
            throw new CheckpointException(
                path,
                "IsFolder",
                $"The checkpoint '{path}' is a folder; give the safetensors file of the base model."
            );
        }

        SafetensorsFile file;
        try
        {
            file = SafetensorsFile.Open(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, "Missing", $"The checkpoint '{path}' does not exist.");
        }

        var weights = new Dictionary<string, BaseWeight>(StringComparer.Ordinal);
        foreach (TensorEntry tensor in file.Header.Tensors)
        {
            if (
                tensor.Shape.Count < 2
                || tensor.ElementCount == 0
                || !TensorTypes.IsWeight(tensor.Type)
                || tensor.ByteLength > Array.MaxLength
                || tensor.ElementCount > Array.MaxLength / sizeof(float)
            )
            {
                continue;
            }

            IReadOnlyList<string> layers = SdxlLayerMap.LayersOf(tensor.Name);
            if (layers.Count == 0 || tensor.Shape[0] % layers.Count != 0)
            {
                continue;
            }

            int rows = (int)(tensor.Shape[0] / layers.Count);
            for (int index = 0; index < layers.Count; index++)
            {
                weights.TryAdd(layers[index], new BaseWeight(layers[index], tensor, index * rows, rows));
            }
        }

        if (weights.Count == 0)
        {
            string family = BaseModelFamily.Of(file.Header) is { } known ? $" It looks like a model of the family {known}." : string.Empty;
            file.Dispose();
            throw new CheckpointException(
                path,
                "Unrecognised",
                $"'{path}' holds no layer of an SDXL model in Stability's layout (model.diffusion_model.…, conditioner.embedders.…); "
                    + $"LoRA layers cannot be looked up in it.{family}"
            );
        }

        return new Checkpoint(file, weights);
    }

    /// <summary>Finds the weight that a LoRA layer changes.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <returns>The weight, or null when the base model has none of that name.</returns>
    public BaseWeight? Find(string layer) => weights.GetValueOrDefault(layer);

    /// <summary>Reads a weight's bytes.</summary>
    /// <param name="weight">A weight of this checkpoint.</param>
    /// <param name="destination">As long as <see cref="BaseWeight.ByteLength"/>.</param>
    public void Read(BaseWeight weight, Span<byte> destination) => Read(weight, 0, destination);

    /// <summary>Reads the bytes of some of a weight's rows.</summary>
    /// <param name="weight">A weight of this checkpoint.</param>
    /// <param name="firstRow">The first of them, counted within the weight.</param>
    /// <param name="destination">As long as the rows wanted.</param>
    internal void Read(BaseWeight weight, int firstRow, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(weight);
        File.Read(weight.Tensor, destination, (long)(weight.FirstRow + firstRow) * weight.RowByteLength);
    }

    /// <summary>Sees to it that what was read was one content.</summary>
    /// <exception cref="CheckpointException">The file was written to since it was opened.</exception>
    internal void RequireUnchanged()
    {
        if (File.HasChanged())
        {
            throw new CheckpointException(Path, "Changed", $"'{Path}' was written to while it was read; start again when that is done.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => File.Dispose();
}
