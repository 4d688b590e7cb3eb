using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>The reference of the <c>subspace</c> score: |uᵢᵀ W vᵢ|, the part of vᵢ that the base weight turns into uᵢ.</summary>
internal static class SubspaceScales
{
    /// <summary>Computes the scales of layers over one base weight; called on any thread.</summary>
    /// <param name="layers">The layers, each with its LoRA file.</param>
    /// <param name="weight">Their base weight.</param>
    /// <param name="device">Where the products are made.</param>
    /// <returns>For each layer one number for each singular value.</returns>
    /// <exception cref="DeviceException">The device's memory does not suffice.</exception>
    public static double[][] Compute((LayerSpectrum Spectrum, Adapter Adapter)[] layers, BaseWeight weight, LayerDevice device) =>
        LayerThreads.Run(() =>
        {
            LayerDecomposition[] decompositions = Array.ConvertAll(
                layers,
                layer => layer.Spectrum.DecompositionFrom(layer.Adapter, layer.Spectrum.SingularValues.Length, device)
            );
            using WorkingMemory.Lease memory = WorkingMemory.Shared.Take(
                layers.Sum(static layer => LayerBytes.Vectors(layer.Spectrum.Source, layer.Spectrum.SingularValues.Length))
            );
            double[] scales = device.Compute(onto =>
                Scale(
                    [.. layers.Zip(decompositions, (layer, found) => VectorsOf(layer.Spectrum, layer.Adapter, found, onto))],
                    weight,
                    onto
                )
            );
            int start = 0;
            return Array.ConvertAll(
                layers,
                layer =>
                {
                    int first = start;
                    start += layer.Spectrum.SingularValues.Length;
                    return scales[first..start];
                }
            );
        });

    // U and V, a vector a column.
    private static (Tensor Left, Tensor Right) VectorsOf(
        LayerSpectrum spectrum,
        Adapter adapter,
        LayerDecomposition decomposition,
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

        return spectrum.Source.IsTransposed ? (rightVectors, leftVectors) : (leftVectors, rightVectors);
    }

    private static double[] Scale((Tensor Left, Tensor Right)[] vectors, BaseWeight weight, ComputeDevice device)
    {
        Tensor left = vectors is [var only] ? only.Left : cat([.. vectors.Select(static pair => pair.Left)], 1);
        Tensor right = vectors is [var same] ? same.Right : cat([.. vectors.Select(static pair => pair.Right)], 1);
        return device.IsCuda
            ? TensorReader.ToArray(ReadWeight(weight, device).matmul(right).mul_(left).sum(dim: 0).abs())
            : Project(weight, left, right, (int)left.shape[1]);
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
