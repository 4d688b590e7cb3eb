using ResizeLora.Adapters;
using ResizeLora.Compute;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>Brings factors of layers into libtorch.</summary>
internal static class FactorMatrix
{
    /// <summary>Reads a whole factor.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="type">The element type to compute in.</param>
    /// <param name="device">Where it is wanted.</param>
    public static Tensor Read(IFactor factor, ScalarType type, ComputeDevice device)
    {
        long[] shape = [factor.Rows, factor.Columns];
        return TensorReader.Upload(shape, factor.Type, destination => factor.ReadRows(0, factor.Rows, destination), type, device);
    }
}
