using System.Buffers.Binary;
using ResizeLora.Files;

namespace ResizeLora.Tests;

/// <summary>Writes numbers as the bytes of a tensor, rounded to nearest.</summary>
internal static class WeightEncoder
{
    public static byte[] Encode(TensorType type, IEnumerable<double> values)
    {
        double[] numbers = values as double[] ?? values.ToArray();
        int width = TensorTypes.BytesOf(type);
        byte[] bytes = new byte[numbers.Length * width];
        for (int index = 0; index < numbers.Length; index++)
        {
            Write(bytes.AsSpan(index * width, width), type, numbers[index]);
        }

        return bytes;
    }

    private static void Write(Span<byte> bytes, TensorType type, double value)
    {
        switch (type)
        {
            case TensorType.Float64:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
                break;
            case TensorType.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
                break;
            case TensorType.Float16:
                BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)value);
                break;
            case TensorType.BFloat16:
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, ToBFloat16((float)value));
                break;
            case TensorType.Float8E4M3 or TensorType.Float8E5M2:
                bytes[0] = NearestCode(type, value);
                break;
            default:
                Span<byte> wide = stackalloc byte[sizeof(long)];
                BinaryPrimitives.WriteInt64LittleEndian(wide, (long)value);
                wide[..bytes.Length].CopyTo(bytes);
                break;
        }
    }

    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsFinite(value) ? (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) : (ushort)(bits >> 16);
    }

    private static byte NearestCode(TensorType type, double value) =>
        (byte)
            Enumerable
                .Range(0, 256)
                .Where(code => double.IsNaN(value) || double.IsFinite(ScalarFloat.Decode(type, (ulong)code)))
                .MinBy(code =>
                    double.IsNaN(value)
                        ? (double.IsNaN(ScalarFloat.Decode(type, (ulong)code)) ? 0 : 1)
                        : Math.Abs(ScalarFloat.Decode(type, (ulong)code) - value)
                );
}
