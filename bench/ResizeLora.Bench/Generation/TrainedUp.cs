namespace ResizeLora.Bench.Generation;

/// <summary>
/// B as training leaves it: it starts at zero and carries the spectrum of ΔW. B = G·D·S·H with noise G, singular values D
/// that fall over three decades, random signs S and the Hadamard matrix H, which mixes the directions without changing
/// their lengths.
/// </summary>
internal sealed class TrainedUp : ITensorSource
{
    private const double Decades = 3;

    private readonly CounterNoise noise;
    private readonly float[] factors;

    /// <summary>Prepares B.</summary>
    /// <param name="name">The tensor's name, and the file's.</param>
    /// <param name="rows">n.</param>
    /// <param name="rank">r, a power of two.</param>
    /// <param name="spectralNorm">‖B‖₂, near enough.</param>
    public TrainedUp(string name, int rows, int rank, double spectralNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(int.IsPow2(rank), true, nameof(rank));
        noise = new CounterNoise(name);
        factors = new float[rank];
        new CounterNoise($"{name}/signs").Fill(0, factors);
        for (int index = 0; index < rank; index++)
        {
            double value = spectralNorm * Math.Pow(10, -Decades * index / (rank - 1)) / Math.Sqrt((double)rows * rank);
            factors[index] = (float)Math.CopySign(value, factors[index]);
        }
    }

    /// <inheritdoc/>
    public void FillRow(int row, Span<float> destination)
    {
        noise.Fill((long)row * factors.Length, destination);
        for (int index = 0; index < destination.Length; index++)
        {
            destination[index] *= factors[index];
        }

        // The fast Walsh–Hadamard transform: sums and differences of ever wider pairs.
        for (int width = 1; width < destination.Length; width *= 2)
        {
            for (int start = 0; start < destination.Length; start += 2 * width)
            {
                for (int index = start; index < start + width; index++)
                {
                    (destination[index], destination[index + width]) = (
                        destination[index] + destination[index + width],
                        destination[index] - destination[index + width]
                    );
                }
            }
        }
    }
}
