using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace ResizeLora.Files;

/// <summary>Weights as numbers in double precision.</summary>
internal static class WeightNumbers
{
    /// <summary>Decodes numbers; every stored type is exact in double precision.</summary>
    /// <param name="type">A type of weights.</param>
    /// <param name="bytes">The bytes, little-endian.</param>
    public static double[] ToDoubles(TensorType type, ReadOnlySpan<byte> bytes)
    {
        double[] numbers = new double[bytes.Length / TensorTypes.BytesOf(type)];
        if (type == TensorType.Float64)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(numbers.AsSpan()));
            return numbers;
        }

        float[] singles = GC.AllocateUninitializedArray<float>(numbers.Length);
        WeightDecoder.ToSingle(type, bytes, singles);
        TensorPrimitives.ConvertTruncating<float, double>(singles, numbers);
        return numbers;
    }
}
