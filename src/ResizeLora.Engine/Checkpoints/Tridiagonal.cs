namespace ResizeLora.Checkpoints;

/// <summary>Eigenvalues of the small symmetric tridiagonal matrices that Lanczos iterations build.</summary>
internal static class Tridiagonal
{
    private const int MaximumSweeps = 60;

    /// <summary>
    /// The two largest eigenvalues, and the last component of the first one's unit eigenvector, by the implicit QL iteration
    /// (EISPACK tql2) that carries along only the last row of the eigenvector matrix.
    /// </summary>
    /// <param name="diagonal">k diagonal elements; overwritten.</param>
    /// <param name="offDiagonal">k − 1 elements beside them.</param>
    /// <returns>The largest, the second largest (0 when k is 1), and the component.</returns>
    public static (double Largest, double Second, double LastComponent) LargestEigenvalue(double[] diagonal, double[] offDiagonal)
    {
        int size = diagonal.Length;
        double[] beside = new double[size];
        offDiagonal.CopyTo(beside, 0);
        double[] lastRow = new double[size];
        lastRow[size - 1] = 1;
        for (int start = 0; start < size; start++)
        {
            for (int sweep = 0; sweep < MaximumSweeps; sweep++)
            {
                int end = start;
                while (
                    end < size - 1
                    && Math.Abs(beside[end]) > double.Epsilon + (1e-16 * (Math.Abs(diagonal[end]) + Math.Abs(diagonal[end + 1])))
                )
                {
                    end++;
                }

                if (end == start)
                {
                    break;
                }

                Sweep(diagonal, beside, lastRow, start, end);
            }
        }

        int largest = 0;
        for (int index = 1; index < size; index++)
        {
            largest = diagonal[index] > diagonal[largest] ? index : largest;
        }

        double second = 0;
        for (int index = 0; index < size; index++)
        {
            second = index != largest ? Math.Max(second, diagonal[index]) : second;
        }

        return (diagonal[largest], second, lastRow[largest]);
    }

    private static void Sweep(double[] diagonal, double[] beside, double[] lastRow, int start, int end)
    {
        double shift = (diagonal[start + 1] - diagonal[start]) / (2 * beside[start]);
        double length = double.Hypot(shift, 1);
        shift = diagonal[end] - diagonal[start] + (beside[start] / (shift + Math.CopySign(length, shift)));
        double sine = 1,
            cosine = 1,
            carried = 0;
        for (int index = end - 1; index >= start; index--)
        {
            double product = sine * beside[index];
            double rest = cosine * beside[index];
            length = double.Hypot(product, shift);
            beside[index + 1] = length;
            if (length == 0)
            {
                diagonal[index + 1] -= carried;
                beside[end] = 0;
                return;
            }

            sine = product / length;
            cosine = shift / length;
            shift = diagonal[index + 1] - carried;
            double mixed = ((diagonal[index] - shift) * sine) + (2 * cosine * rest);
            carried = sine * mixed;
            diagonal[index + 1] = shift + carried;
            shift = (cosine * mixed) - rest;
            (lastRow[index], lastRow[index + 1]) = (
                (cosine * lastRow[index]) - (sine * lastRow[index + 1]),
                (sine * lastRow[index]) + (cosine * lastRow[index + 1])
            );
        }

        diagonal[start] -= carried;
        beside[start] = shift;
        beside[end] = 0;
    }
}
