using ResizeLora.Adapters;
using ResizeLora.Compute;
using ResizeLora.Safetensors;
using TorchSharp;
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
    /// <param name="gain">g = gain · scale / scale', above zero.</param>
    /// <param name="type">The type to write: Float16, BFloat16 or Float32.</param>
    /// <param name="device">Where the products are made.</param>
    /// <returns>The bytes of down (k × m) and up (n × k).</returns>
    /// <exception cref="AdapterException">A value does not fit into the type.</exception>
    public static (byte[] Down, byte[] Up) Compute(LayerSpectrum spectrum, ITensorFile file, int[] kept, double gain, TensorType type, ComputeDevice device)
    {
        LayerThreads.Enter();
        using DisposeScope scope = NewDisposeScope();
        ScalarType precision = spectrum.Factors.NeedsDoublePrecision ? ScalarType.Float64 : ScalarType.Float32;
        double[] roots = Array.ConvertAll(kept, dimension => Math.Sqrt(spectrum.Factors.ProductSingularValues[dimension] * gain));
        Tensor left = Combination(spectrum.Factors.Left, spectrum, kept, roots, precision, device);
        Tensor right = Combination(spectrum.Factors.Right, spectrum, kept, roots, precision, device);
        Tensor up = TensorReader.ReadMatrix(file, spectrum.Source.Up, precision, device).matmul(left);
        Tensor down = right.t().matmul(TensorReader.ReadMatrix(file, spectrum.Source.Down, precision, device));
        return (Encode(down, spectrum, type), Encode(up, spectrum, type));
    }

    private static Tensor Combination(double[] factor, LayerSpectrum spectrum, int[] kept, double[] roots, ScalarType precision, ComputeDevice device)
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

        return TensorReader.FromArray(chosen, spectrum.Rank, kept.Length, precision, device);
    }

    private static byte[] Encode(Tensor values, LayerSpectrum spectrum, TensorType type)
    {
        ScalarType target = type switch
        {
            TensorType.Float16 => ScalarType.Float16,
            TensorType.BFloat16 => ScalarType.BFloat16,
            _ => ScalarType.Float32,
        };
        using Tensor encoded = values.to(target, CPU).contiguous();
        byte[] bytes = encoded.bytes.ToArray();
        if (!FiniteWeights.Are(type, bytes))
        {
            string advice = type == TensorType.Float16 ? "use -DType BFloat16 or Float32." : "the layer cannot be written.";
            throw new AdapterException(spectrum.Path, spectrum.Layer, "Overflow", FormattableString.Invariant($"its values reach {values.abs().max().to(ScalarType.Float64).item<double>():g3}, too large for {type}; {advice}"));
        }

        return bytes;
    }
}
