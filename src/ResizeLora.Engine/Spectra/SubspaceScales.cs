using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>The reference of the <c>subspace</c> score: |uᵢᵀ W vᵢ|, the part of vᵢ that the base weight turns into uᵢ.</summary>
internal static class SubspaceScales
{
    /// <summary>Computes the scales of one layer; called on any thread.</summary>
    /// <param name="spectrum">The layer.</param>
    /// <param name="adapter">Its LoRA file.</param>
    /// <param name="weight">The layer's base weight.</param>
    /// <param name="device">Where the products are made.</param>
    /// <returns>One number for each singular value.</returns>
    /// <exception cref="DeviceException">The device's memory does not suffice.</exception>
    public static double[] Compute(LayerSpectrum spectrum, Adapter adapter, BaseWeight weight, LayerDevice device) =>
        LayerThreads.Run(() =>
        {
            int count = spectrum.SingularValues.Length;
            LayerDecomposition decomposition = spectrum.DecompositionFrom(adapter, count, device);
            using WorkingMemory.Lease memory = WorkingMemory.Shared.Take(LayerBytes.Vectors(spectrum.Source, count));
            return device.Compute(onto => Scale(spectrum, decomposition, adapter, weight, onto));
        });

    private static double[] Scale(
        LayerSpectrum spectrum,
        LayerDecomposition decomposition,
        Adapter adapter,
        BaseWeight weight,
        ComputeDevice device
    )
    {
        int count = spectrum.SingularValues.Length;
        int[] all = [.. Enumerable.Range(0, count)];
        double[] ones = Array.ConvertAll(all, static _ => 1.0);
        (Tensor up, Tensor down) = decomposition.Combine(
            adapter.File,
            spectrum.Source,
            all,
            ones,
            ones,
            CombinationAccuracy.Compared,
            device
        );
        Tensor leftVectors = up.to(ScalarType.Float32);
        Tensor rightVectors = down.t().to(ScalarType.Float32);

        // Under the weights of magnitudes the vectors are those of the weighted product.
        if (spectrum.Effect is { } effect && decomposition is LayerFactors or HadamardDecomposition)
        {
            Tensor weights = TensorReader.FromArray(effect.Weights, effect.Weights.Length, 1, ScalarType.Float32, device);
            leftVectors = effect.IsPerInput ? leftVectors : leftVectors * weights;
            rightVectors = effect.IsPerInput ? rightVectors * weights : rightVectors;
        }

        if (spectrum.Source.IsTransposed)
        {
            (leftVectors, rightVectors) = (rightVectors, leftVectors);
        }

        return device.IsCuda
            ? TensorReader.ToArray(ReadWeight(weight, device).matmul(rightVectors).mul_(leftVectors).sum(dim: 0).abs())
            : Project(weight, leftVectors, rightVectors, count);
    }

    private static double[] Project(BaseWeight weight, Tensor leftVectors, Tensor rightVectors, int count)
    {
        double[] scales = new double[count];
        using Tensor left = leftVectors.contiguous();
        using Tensor right = rightVectors.contiguous();
        WeightProjection.Compute(
            weight.Type,
            weight.Read,
            weight.Rows,
            weight.Columns,
            MemoryMarshal.Cast<byte, float>(left.bytes),
            MemoryMarshal.Cast<byte, float>(right.bytes),
            scales
        );
        return Array.ConvertAll(scales, Math.Abs);
    }

    private static Tensor ReadWeight(BaseWeight weight, ComputeDevice device)
    {
        long[] shape = [weight.Rows, weight.Columns];
        return TensorReader.Upload(shape, weight.Type, weight.Read, ScalarType.Float32, device);
    }
}
