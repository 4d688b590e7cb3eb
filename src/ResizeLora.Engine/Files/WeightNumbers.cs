using System.Buffers.Binary;

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
            for (int index = 0; index < numbers.Length; index++)
            {
                numbers[index] = BinaryPrimitives.ReadDoubleLittleEndian(bytes[(index * sizeof(double))..]);
            }

            return numbers;
        }

        float[] singles = GC.AllocateUninitializedArray<float>(numbers.Length);
        WeightDecoder.ToSingle(type, bytes, singles);
        for (int index = 0; index < numbers.Length; index++)
        {
            numbers[index] = singles[index];
        }

        return numbers;
    }
}
