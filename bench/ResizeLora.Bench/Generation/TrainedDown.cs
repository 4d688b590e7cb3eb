using System.Numerics.Tensors;

namespace ResizeLora.Bench.Generation;

/// <summary>A as training leaves it: near the random start, whose singular values hardly differ.</summary>
internal sealed class TrainedDown : ITensorSource
{
    private readonly CounterNoise noise;
    private readonly int columns;

    /// <summary>Prepares A.</summary>
    /// <param name="name">The tensor's name, and the file's.</param>
    /// <param name="columns">m.</param>
    public TrainedDown(string name, int columns)
    {
        noise = new CounterNoise(name);
        this.columns = columns;
    }

    /// <summary>The deviation of an element: kaiming_uniform(a = √5), which LoRA trainers start from.</summary>
    /// <param name="columns">m.</param>
    public static double Deviation(int columns) => 1 / Math.Sqrt(3.0 * columns);

    /// <inheritdoc/>
    public void FillRow(int row, Span<float> destination)
    {
        noise.Fill((long)row * columns, destination);
        TensorPrimitives.Multiply(destination, (float)Deviation(columns), destination);
    }
}
