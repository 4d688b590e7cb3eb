using System.Buffers.Binary;

namespace ResizeLora.Files;

/// <summary>Weights as numbers in double precision, and back.</summary>
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

    /// <summary>Stores numbers, rounded to nearest.</summary>
    /// <param name="type">Float16, BFloat16 or Float32.</param>
    /// <param name="numbers">The numbers.</param>
    public static byte[] FromDoubles(TensorType type, ReadOnlySpan<double> numbers)
    {
        int size = TensorTypes.BytesOf(type);
        byte[] bytes = new byte[numbers.Length * size];
        for (int index = 0; index < numbers.Length; index++)
        {
            Span<byte> place = bytes.AsSpan(index * size, size);
            switch (type)
            {
                case TensorType.Float16:
                    BinaryPrimitives.WriteHalfLittleEndian(place, (Half)numbers[index]);
                    break;
                case TensorType.BFloat16:
                    uint bits = BitConverter.SingleToUInt32Bits((float)numbers[index]);
                    BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
                    break;
                default:
                    BinaryPrimitives.WriteSingleLittleEndian(place, (float)numbers[index]);
                    break;
            }
        }

        return bytes;
    }
}
