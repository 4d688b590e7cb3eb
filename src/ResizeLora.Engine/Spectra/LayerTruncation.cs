using System.Buffers;
using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Compute;
using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>
/// The factors of a truncated layer as they are written: up = B·X_K·√(σ_K·g) and down = √(σ_K·g)·Y_Kᵀ·A over the kept
/// dimensions K, so that scale' · up · down = gain · scale · Σ_K σᵢuᵢvᵢᵀ with the scale' = alpha'/k that the file will say.
/// </summary>
internal static class LayerTruncation
{
    /// <summary>Computes both factors; called on any thread.</summary>
    /// <param name="spectrum">The layer.</param>
    /// <param name="file">Its LoRA file.</param>
    /// <param name="kept">The kept dimensions, ascending; at least one.</param>
    /// <param name="gain">g = gain · scale / scale'; its sign goes into up.</param>
    /// <param name="type">The type to write: Float16, BFloat16 or Float32.</param>
    /// <param name="device">Where the products are made.</param>
    /// <exception cref="AdapterException">A value does not fit into the type.</exception>
    /// <exception cref="DeviceException">The device's memory does not suffice.</exception>
    public static FactorEncoding Compute(
        LayerSpectrum spectrum,
        ITensorFile file,
        int[] kept,
        double gain,
        TensorType type,
        ComputeDevice device
    ) => LayerThreads.Run(device, () => Encode(spectrum, file, kept, gain, type, device));

    private static FactorEncoding Encode(
        LayerSpectrum spectrum,
        ITensorFile file,
        int[] kept,
        double gain,
        TensorType type,
        ComputeDevice device
    )
    {
        double[] gained = Array.ConvertAll(spectrum.Factors.ProductSingularValues, value => value * Math.Abs(gain));
        double[] written = Array.ConvertAll(kept, dimension => gained[dimension]);
        double[] roots = Array.ConvertAll(written, Math.Sqrt);
        double[] left = Combination(
            spectrum.Factors.Left,
            spectrum,
            kept,
            gain < 0 ? Array.ConvertAll(roots, static root => -root) : roots
        );
        double[] right = Combination(spectrum.Factors.Right, spectrum, kept, roots);
        bool isSingle = !spectrum.Factors.NeedsDoublePrecision && LayerFactors.FitSingle(left) && LayerFactors.FitSingle(right);
        ScalarType precision = isSingle ? ScalarType.Float32 : ScalarType.Float64;
        Tensor up = Multiply(file, spectrum.Source.Up, left, spectrum.Rank, transposed: false, precision, device);
        Tensor down = Multiply(file, spectrum.Source.Down, right, spectrum.Rank, transposed: true, precision, device);
        FactorEncoding encoding = FactorEncoder.Encode(up, down, written, EuclideanNorm.Of(gained), type);
        if (!FiniteWeights.Are(type, encoding.Up) || !FiniteWeights.Are(type, encoding.Down))
        {
            double largest = Math.Max(LargestOf(up), LargestOf(down));
            throw new AdapterException(
                spectrum.Path,
                spectrum.Layer,
                type == TensorType.Float16 ? "Overflow" : "OverflowWidest",
                FormattableString.Invariant($"its values reach {largest:g3}, too large for {type}.")
            );
        }

        return encoding;
    }

    private static double LargestOf(Tensor values) => values.abs().max().to(ScalarType.Float64).item<double>();

    // B·X, or Yᵀ·A where the factor is transposed.
    private static Tensor Multiply(
        ITensorFile file,
        TensorEntry factor,
        double[] combination,
        int rank,
        bool transposed,
        ScalarType precision,
        ComputeDevice device
    )
    {
        int count = combination.Length / rank;
        if (device.IsCuda || precision == ScalarType.Float64 || factor.Type == TensorType.Float64)
        {
            Tensor matrix = TensorReader.ReadMatrix(file, factor, precision, device);
            Tensor small = TensorReader.FromArray(combination, rank, count, precision, device);
            return transposed ? small.t().matmul(matrix) : matrix.matmul(small);
        }

        long length = factor.ElementCount / rank;
        Tensor product = empty(transposed ? [count, length] : [length, count], ScalarType.Float32);
        Span<float> numbers = MemoryMarshal.Cast<byte, float>(product.bytes);
        float[] singles = Array.ConvertAll(combination, static number => (float)number);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)factor.ByteLength);
        try
        {
            Span<byte> stored = buffer.AsSpan(0, (int)factor.ByteLength);
            file.Read(factor, stored);
            if (transposed)
            {
                FactorProduct.Right(factor.Type, stored, rank, singles, numbers);
            }
            else
            {
                FactorProduct.Left(factor.Type, stored, rank, singles, numbers);
            }

            return product;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static double[] Combination(double[] factor, LayerSpectrum spectrum, int[] kept, double[] roots)
    {
        int count = spectrum.SingularValues.Length;
        double[] chosen = new double[spectrum.Rank * kept.Length];
        for (int row = 0; row < spectrum.Rank; row++)
        {
            for (int column = 0; column < kept.Length; column++)
            {
                chosen[(row * kept.Length) + column] = factor[(row * count) + kept[column]] * roots[column];
            }
        }

        return chosen;
    }
}
