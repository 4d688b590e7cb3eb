using System.Numerics.Tensors;

namespace ResizeLora.Bench.Generation;

/// <summary>
/// A weight with the spectrum of a trained one: a bulk of noise, and a few singular directions that stand out of it.
/// Fourteen of sixteen weights have one clear leader, 2 to 6 times the edge of the bulk, and others that follow at 55 to 90 %
/// of the one before; one of sixteen has six leaders within a few percent of each other, and one is all bulk: in these two
/// kinds an iteration converges slowly.
/// </summary>
internal sealed class TrainedWeight : ITensorSource
{
    // What is narrower (biases, the four latent channels) is noise alone.
    private const int SmallestMatrix = 64;

    private const int KindCount = 16;
    private const int MostDirections = 8;
    private const int CrowdSize = 6;
    private const double CrowdSpacing = 0.01;

    private readonly CounterNoise noise;
    private readonly int columns;
    private readonly float deviation;
    private readonly List<(float[] Left, float[] Right)> directions = [];

    /// <summary>Prepares a weight.</summary>
    /// <param name="name">The tensor's name, which everything follows from.</param>
    /// <param name="rows">n.</param>
    /// <param name="columns">m.</param>
    public TrainedWeight(string name, int rows, int columns)
    {
        this.columns = columns;
        noise = new CounterNoise(name);
        deviation = Deviation(columns);
        double edge = BulkEdge(rows, columns);
        double[] leaders = rows >= SmallestMatrix && columns >= SmallestMatrix ? Leaders(name) : [];
        for (int index = 0; index < leaders.Length; index++)
        {
            float[] left = Direction($"{name}/left/{index}", rows);
            TensorPrimitives.Multiply(left, (float)(leaders[index] * edge), left);
            directions.Add((left, Direction($"{name}/right/{index}", columns)));
        }
    }

    /// <summary>The largest singular value of the noise alone (Marchenko and Pastur).</summary>
    /// <param name="rows">n.</param>
    /// <param name="columns">m.</param>
    public static double BulkEdge(int rows, int columns) => Deviation(columns) * (Math.Sqrt(rows) + Math.Sqrt(columns));

    /// <inheritdoc/>
    public void FillRow(int row, Span<float> destination)
    {
        noise.Fill((long)row * columns, destination);
        TensorPrimitives.Multiply(destination, deviation, destination);
        foreach ((float[] left, float[] right) in directions)
        {
            TensorPrimitives.MultiplyAddEstimate(right, left[row], destination, destination);
        }
    }

    private static float Deviation(int columns) => 1 / MathF.Sqrt(3 * Math.Max(columns, SmallestMatrix));

    // In multiples of the bulk's edge.
    private static double[] Leaders(string name)
    {
        int kind = (int)(KindCount * CounterNoise.Uniform($"{name}/kind"));
        double first = 2 * Math.Pow(3, CounterNoise.Uniform($"{name}/leader"));
        if (kind == 0)
        {
            return [];
        }

        if (kind == 1)
        {
            return Enumerable.Range(0, CrowdSize).Select(index => first * (1 - (CrowdSpacing * index))).ToArray();
        }

        double decay = 0.55 + (0.35 * CounterNoise.Uniform($"{name}/decay"));
        return Enumerable
            .Range(0, MostDirections)
            .Select(index => first * Math.Pow(decay, index))
            .TakeWhile(static leader => leader > 1.1)
            .ToArray();
    }

    private static float[] Direction(string name, int length)
    {
        float[] direction = new float[length];
        new CounterNoise(name).Fill(0, direction);
        TensorPrimitives.Multiply(direction, 1 / MathF.Sqrt(VectorMath.Dot(direction, direction)), direction);
        return direction;
    }
}
