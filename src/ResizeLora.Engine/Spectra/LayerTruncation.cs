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
    /// <param name="adapter">Its LoRA file.</param>
    /// <param name="kept">The kept dimensions, ascending; at least one.</param>
    /// <param name="gain">g = gain · scale / scale'; its sign goes into up.</param>
    /// <param name="type">The type to write: Float16, BFloat16 or Float32.</param>
    /// <param name="device">Where the products are made.</param>
    /// <exception cref="AdapterException">A value does not fit into the type.</exception>
    /// <exception cref="DeviceException">The device's memory does not suffice.</exception>
    public static FactorEncoding Compute(
        LayerSpectrum spectrum,
        Adapter adapter,
        int[] kept,
        double gain,
        TensorType type,
        LayerDevice device
    ) =>
        LayerThreads.Run(() =>
        {
            LayerDecomposition decomposition = spectrum.DecompositionFrom(adapter, kept[^1] + 1, device);
            using WorkingMemory.Lease memory = WorkingMemory.Shared.Take(LayerBytes.Vectors(spectrum.Source, kept.Length));
            return device.Compute(onto => Encode(spectrum, decomposition, adapter, kept, gain, type, onto));
        });

    /// <summary>Computes the factors of the second half of a Kronecker product, cut to a rank; called on any thread.</summary>
    /// <param name="spectrum">The layer.</param>
    /// <param name="adapter">Its LoRA file.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="gain">What the product is multiplied with; its sign goes into up.</param>
    /// <param name="type">The type to write: Float16, BFloat16 or Float32.</param>
    /// <param name="device">Where the products are made.</param>
    /// <exception cref="AdapterException">A value does not fit into the type.</exception>
    /// <exception cref="DeviceException">The device's memory does not suffice.</exception>
    public static FactorEncoding CutSecondHalf(
        LayerSpectrum spectrum,
        Adapter adapter,
        int rank,
        double gain,
        TensorType type,
        LayerDevice device
    ) =>
        LayerThreads.Run(() =>
        {
            var halves = (KroneckerDecomposition)spectrum.DecompositionFrom(adapter, spectrum.SingularValues.Length, device);
            using WorkingMemory.Lease memory = WorkingMemory.Shared.Take(LayerBytes.Vectors(spectrum.Source, rank));
            double[] values = [.. halves.SecondSingularValues.Select(value => value * Math.Abs(gain))];
            return device.Compute(onto =>
            {
                (Tensor up, Tensor down) = halves.CutSecond(adapter.File, spectrum.Source.Kronecker!, rank, gain, onto);
                FactorEncoding encoding = FactorEncoder.Encode(up, down, values[..rank], EuclideanNorm.Of(values), type);
                RequireRange(encoding, up, down, spectrum, type);
                return encoding;
            });
        });

    private static FactorEncoding Encode(
        LayerSpectrum spectrum,
        LayerDecomposition decomposition,
        Adapter adapter,
        int[] kept,
        double gain,
        TensorType type,
        ComputeDevice device
    )
    {
        double[] gained = Array.ConvertAll(decomposition.WrittenSingularValues, value => value * Math.Abs(gain));
        double[] written = Array.ConvertAll(kept, dimension => gained[dimension]);
        double[] roots = Array.ConvertAll(written, Math.Sqrt);
        double[] left = gain < 0 ? Array.ConvertAll(roots, static root => -root) : roots;
        (Tensor up, Tensor down) = decomposition.Combine(
            adapter.File,
            spectrum.Source,
            kept,
            left,
            roots,
            CombinationAccuracy.Written,
            device
        );
        FactorEncoding encoding = FactorEncoder.Encode(up, down, written, EuclideanNorm.Of(gained), type);
        RequireRange(encoding, up, down, spectrum, type);
        return encoding;
    }

    /// <summary>Refuses factors that do not fit into their type.</summary>
    /// <param name="encoding">The factors as they are written.</param>
    /// <param name="up">B as it was computed.</param>
    /// <param name="down">A likewise.</param>
    /// <param name="spectrum">The layer.</param>
    /// <param name="type">The type.</param>
    /// <exception cref="AdapterException">A value is infinite in the type.</exception>
    internal static void RequireRange(FactorEncoding encoding, Tensor up, Tensor down, LayerSpectrum spectrum, TensorType type)
    {
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
    }

    private static double LargestOf(Tensor values) => values.abs().max().to(ScalarType.Float64, CPU).item<double>();
}
