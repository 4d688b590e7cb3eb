using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Checkpoints;

/// <summary>
/// Decodes IEEE half precision. Shifted into place, a half has its sign, exponent and mantissa where a single has them, only
/// that the exponent counts from another zero: the number is 2^−112 of what it stands for, subnormals too. No conversion follows.
/// </summary>
internal readonly struct Float16Decoder : IRowDecoder
{
    private const int SignAndNumber = unchecked((int)0x8FFFE000);

    /// <inheritdoc/>
    public static int ByteLength => sizeof(ushort);

    /// <inheritdoc/>
    public static float Scale => 5.192296858534828e33f;

    /// <inheritdoc/>
    public static bool IsInterleaved => true;

    /// <inheritdoc/>
    public static float Limit => 1.2621774483536189e-29f;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Load(ref byte row, nuint offset)
    {
        Vector256<int> pairs = Vector256.LoadUnsafe(ref row, offset).AsInt32();
        Vector256<int> mask = Vector256.Create(SignAndNumber);
        return (
            (Vector256.ShiftRightArithmetic(pairs << 16, 3) & mask).AsSingle(),
            (Vector256.ShiftRightArithmetic(pairs, 3) & mask).AsSingle()
        );
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(ref byte row, nuint offset) =>
        BitConverter.Int32BitsToSingle((Unsafe.ReadUnaligned<short>(ref Unsafe.Add(ref row, offset)) << 13) & SignAndNumber);
}
