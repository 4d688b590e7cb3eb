using System.Runtime.InteropServices;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>The reference of the <c>subspace</c> score: |uᵢᵀ W vᵢ|, the part of vᵢ that the base weight turns into uᵢ.</summary>
internal static class SubspaceScales
{
    // The growth above which single precision would leave less than about 1e-4 of relative accuracy in a singular vector:
    // rounding errors of many terms add up like a walk, well below their bound of 6e-8 · growth.
    private const double SinglePrecisionGrowth = 1e4;

    /// <summary>Computes the scales of one layer; called on any thread.</summary>
    /// <param name="spectrum">The layer.</param>
    /// <param name="file">Its LoRA file.</param>
    /// <param name="weight">The layer's base weight.</param>
    /// <param name="device">Where the products are made.</param>
    /// <returns>One number for each singular value.</returns>
    /// <exception cref="DeviceException">The device's memory does not suffice.</exception>
    public static double[] Compute(LayerSpectrum spectrum, ITensorFile file, BaseWeight weight, ComputeDevice device) =>
        LayerThreads.Run(device, () => Scale(spectrum, file, weight, device));

    private static double[] Scale(LayerSpectrum spectrum, ITensorFile file, BaseWeight weight, ComputeDevice device)
    {
        int count = spectrum.SingularValues.Length;
        LayerFactors factors = spectrum.Factors;
        bool isSingle =
            factors.HighestGrowth <= SinglePrecisionGrowth && LayerFactors.FitSingle(factors.Left) && LayerFactors.FitSingle(factors.Right);
        ScalarType precision = isSingle ? ScalarType.Float32 : ScalarType.Float64;
        Tensor leftVectors = SingularVectors(
            file,
            spectrum.Source.Up,
            transposed: false,
            spectrum.Factors.Left,
            spectrum.Rank,
            count,
            precision,
            device
        );
        Tensor rightVectors = SingularVectors(
            file,
            spectrum.Source.Down,
            transposed: true,
            spectrum.Factors.Right,
            spectrum.Rank,
            count,
            precision,
            device
        );
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

    private static Tensor SingularVectors(
        ITensorFile file,
        TensorEntry factor,
        bool transposed,
        double[] combination,
        int rank,
        int count,
        ScalarType precision,
        ComputeDevice device
    )
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = TensorReader.ReadMatrix(file, factor, precision, device);
        Tensor small = TensorReader.FromArray(combination, rank, count, precision, device);
        return (transposed ? matrix.t() : matrix).matmul(small).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    private static Tensor ReadWeight(BaseWeight weight, ComputeDevice device)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] shape = [weight.Rows, weight.Columns];
        return TensorReader.ReadRows(shape, weight.Type, weight.Read).to(ScalarType.Float32, device.Torch).MoveToOuterDisposeScope();
    }
}
