using System.Buffers.Binary;

namespace ResizeLora.Files;

/// <summary>Stores numbers in the types that adapters are written in, each rounded to the nearest.</summary>
internal static class NumberEncoder
{
    /// <summary>Encodes numbers.</summary>
    /// <param name="type">Float16, BFloat16, Float32 or Float64.</param>
    /// <param name="numbers">The numbers.</param>
    /// <returns>The bytes, little-endian.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Another type.</exception>
    public static byte[] Encode(TensorType type, ReadOnlySpan<double> numbers)
    {
        int length = TensorTypes.BytesOf(type);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked(numbers.Length * length));
        for (int index = 0; index < numbers.Length; index++)
        {
            Write(type, bytes.AsSpan(index * length, length), numbers[index]);
        }

        return bytes;
    }

    private static void Write(TensorType type, Span<byte> destination, double number)
    {
        switch (type)
        {
            case TensorType.Float16:
                BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)number);
                break;
            case TensorType.BFloat16:
                uint bits = BitConverter.SingleToUInt32Bits((float)number);

                // Half of the last place is added, and NaN must not become infinity.
                uint rounded = double.IsNaN(number) ? bits | 0x400000 : bits + 0x7FFF + ((bits >> 16) & 1);
                BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)(rounded >> 16));
                break;
            case TensorType.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(destination, (float)number);
                break;
            case TensorType.Float64:
                BinaryPrimitives.WriteDoubleLittleEndian(destination, number);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "No output has this type.");
        }
    }
}
