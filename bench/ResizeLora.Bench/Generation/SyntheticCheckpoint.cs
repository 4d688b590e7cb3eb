namespace ResizeLora.Bench.Generation;

/// <summary>A base model: weights with the spectra of trained ones.</summary>
internal static class SyntheticCheckpoint
{
    /// <summary>The tensors.</summary>
    /// <param name="shapes">Their names and shapes.</param>
    /// <param name="format">How they are stored.</param>
    public static IEnumerable<SyntheticTensor> Tensors(IEnumerable<(string Name, long[] Shape)> shapes, RowFormat format) =>
        shapes.Select(tensor => new SyntheticTensor(tensor.Name, tensor.Shape, format, () => WeightOf(tensor.Name, tensor.Shape)));

    /// <summary>Writes a base model, unless it is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shapes">The tensors' names and shapes.</param>
    /// <param name="format">How they are stored.</param>
    public static BenchFile File(string path, IEnumerable<(string Name, long[] Shape)> shapes, RowFormat format) =>
        new(path, () => SyntheticFile.Write(path, Tensors(shapes, format), new Dictionary<string, string>()));

    /// <summary>The content of a weight, which follows from its name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="shape">The shape.</param>
    public static TrainedWeight WeightOf(string name, long[] shape)
    {
        int rows = shape.Length < 2 ? 1 : (int)shape[0];
        return new TrainedWeight(name, rows, (int)(shape.Aggregate(1L, static (product, side) => product * side) / rows));
    }
}
