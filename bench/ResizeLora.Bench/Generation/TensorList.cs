namespace ResizeLora.Bench.Generation;

/// <summary>The tensors of an adapter, gathered one by one.</summary>
/// <param name="format">How all of them are stored.</param>
internal sealed class TensorList(RowFormat format)
{
    private readonly List<SyntheticTensor> tensors = [];

    /// <summary>The tensors so far.</summary>
    public IReadOnlyList<SyntheticTensor> Tensors => tensors;

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="source">Gives its content.</param>
    public void Add(string name, long[] shape, Func<ITensorSource> source) => tensors.Add(new SyntheticTensor(name, shape, format, source));
}
