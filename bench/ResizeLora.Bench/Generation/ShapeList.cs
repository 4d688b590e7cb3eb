using System.Globalization;

namespace ResizeLora.Bench.Generation;

/// <summary>The tensors of a base model by name and shape, in their order.</summary>
internal sealed class ShapeList
{
    private readonly List<(string Name, long[] Shape)> tensors = [];

    /// <summary>Every tensor's name and shape.</summary>
    public IReadOnlyList<(string Name, long[] Shape)> Tensors => tensors;

    /// <summary>A number as names have it.</summary>
    /// <param name="value">The number.</param>
    public static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its shape.</param>
    public void Add(string name, params long[] shape) => tensors.Add((name, shape));

    /// <summary>Adds a weight and its bias.</summary>
    /// <param name="module">The module's name.</param>
    /// <param name="shape">The shape of the weight.</param>
    public void AddWithBias(string module, params long[] shape)
    {
        Add($"{module}.weight", shape);
        Add($"{module}.bias", shape[0]);
    }

    /// <summary>Adds a normalisation.</summary>
    /// <param name="module">The module's name.</param>
    /// <param name="width">Its width.</param>
    public void AddNorm(string module, int width) => AddWithBias(module, width);
}
