using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResizeLora.Checkpoints;

/// <summary>
/// Decodes signed bytes with a scale for every sixteen, as <see cref="Q8Blocks"/> arranges them. The scale is that of a half, so that
/// the product is exact and never a subnormal.
/// </summary>
internal readonly struct Q8Decoder : IRowDecoder
{
    /// <inheritdoc/>
    public static int ByteLength => sizeof(sbyte);

    /// <inheritdoc/>
    public static int VectorByteLength => sizeof(float) + IRowDecoder.Width;

    /// <inheritdoc/>
    public static float Scale => 1;

    /// <inheritdoc/>
    public static bool IsInterleaved => false;

    /// <inheritdoc/>
    public static float Limit => float.PositiveInfinity;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Load(ref byte row, nuint offset)
    {
        Vector256<float> scale = Vector256.Create(Unsafe.ReadUnaligned<float>(ref Unsafe.Add(ref row, offset)));
        nuint first = offset + sizeof(float);
        return (Eight(ref row, first) * scale, Eight(ref row, first + (nuint)Vector256<float>.Count) * scale);
    }

    /// <summary>Not asked for: rows consist of whole vectors.</summary>
    /// <inheritdoc/>
    public static float LoadOne(ref byte row, nuint offset) => throw new UnreachableException();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Eight(ref byte row, nuint offset)
    {
        Vector128<sbyte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref row, offset))).AsSByte();
        if (Avx2.IsSupported)
        {
            return Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(bytes));
        }

        Vector128<short> numbers = Vector128.WidenLower(bytes);
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(numbers), Vector128.WidenUpper(numbers)));
    }
}
