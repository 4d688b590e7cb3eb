namespace ResizeLora.Tests;

/// <summary>Normally distributed numbers, the same for the same seed.</summary>
internal sealed class Gaussian(int seed)
{
    private readonly Random random = new(seed);

    public double Next() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    public double[] Numbers(int count, double deviation = 1)
    {
        double[] numbers = new double[count];
        for (int index = 0; index < count; index++)
        {
            numbers[index] = Next() * deviation;
        }

        return numbers;
    }

    public int Integer(int from, int to) => random.Next(from, to);
}
