using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Checkpoints;

/// <summary>Reads single precision, in which nothing is to be decoded.</summary>
internal readonly struct Float32Decoder : IRowDecoder
{
    /// <inheritdoc/>
    public static int ByteLength => sizeof(float);

    /// <inheritdoc/>
    public static int VectorByteLength => IRowDecoder.Width * ByteLength;

    /// <inheritdoc/>
    public static float Scale => 1;

    /// <inheritdoc/>
    public static bool IsInterleaved => false;

    /// <inheritdoc/>
    public static float Limit => float.PositiveInfinity;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> First, Vector256<float> Second) Load(ref byte row, nuint offset) =>
        (Vector256.LoadUnsafe(ref row, offset).AsSingle(), Vector256.LoadUnsafe(ref row, offset + (nuint)Vector256<byte>.Count).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOne(ref byte row, nuint offset) => Unsafe.ReadUnaligned<float>(ref Unsafe.Add(ref row, offset));
}
