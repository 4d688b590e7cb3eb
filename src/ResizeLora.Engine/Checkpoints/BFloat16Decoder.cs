using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Checkpoints;

/// <summary>Decodes bfloat16, the upper half of a single.</summary>
internal readonly struct BFloat16Decoder : IRowDecoder
{
    /// <inheritdoc/>
    public static int ByteLength => sizeof(ushort);

    /// <inheritdoc/>
    public static int VectorByteLength => IRowDecoder.Width * ByteLength;

    /// <inheritdoc/>
    public static float Scale => 1;

    /// <inheritdoc/>
    public static bool IsInterleaved => true;

    /// <inheritdoc/>
    public static float Limit => float.PositiveInfinity;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Load(ref byte row, nuint offset)
    {
        Vector256<int> pairs = Vector256.LoadUnsafe(ref row, offset).AsInt32();
        return ((pairs << 16).AsSingle(), (pairs & Vector256.Create(unchecked((int)0xFFFF0000))).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(ref byte row, nuint offset) =>
        BitConverter.Int32BitsToSingle(Unsafe.ReadUnaligned<short>(ref Unsafe.Add(ref row, offset)) << 16);
}
