using System.Runtime.Intrinsics;

namespace ResizeLora.Checkpoints;

/// <summary>
/// Turns stored weights into single precision inside vector registers, sixteen at a time. What comes out may be a power of two
/// too small, and in another order, as long as both are the same everywhere: whoever uses it scales and orders its vectors once
/// instead of every weight.
/// </summary>
internal interface IRowDecoder
{
    /// <summary>How many weights <see cref="Load"/> decodes.</summary>
    const int Width = 16;

    /// <summary>The bytes of one weight.</summary>
    static abstract int ByteLength { get; }

    /// <summary>The bytes that <see cref="Load"/> decodes, those of a scale among them.</summary>
    static abstract int VectorByteLength { get; }

    /// <summary>What decoded numbers are to be multiplied by, a power of two.</summary>
    static abstract float Scale { get; }

    /// <summary>
    /// Whether the first vector of <see cref="Load"/> holds the weights of even positions and the second those of odd ones.
    /// </summary>
    static abstract bool IsInterleaved { get; }

    /// <summary>Decoded numbers of this size and more stand for infinity and NaN.</summary>
    static abstract float Limit { get; }

    /// <summary>The power of two that <see cref="TryLift"/> multiplies with; 0 where no stored number is decoded as a subnormal.</summary>
    static virtual int LiftExponent => 0;

    /// <summary>Multiplies the stored numbers of a row, in place, so that none is decoded as a subnormal.</summary>
    /// <param name="row">The row.</param>
    /// <returns>Whether that was done: not where a number is too large for it, nor where it is not worth it.</returns>
    static virtual bool TryLift(Span<byte> row) => false;

    /// <summary>Undoes <see cref="TryLift"/>.</summary>
    /// <param name="rows">Rows.</param>
    static virtual void Lower(Span<byte> rows) { }

    /// <summary>Decodes sixteen weights.</summary>
    /// <param name="row">The first byte of a row.</param>
    /// <param name="offset">The first weight's place, in bytes.</param>
    static abstract (Vector256<float> First, Vector256<float> Second) Load(ref byte row, nuint offset);

    /// <summary>Decodes one weight.</summary>
    /// <param name="row">The first byte of a row.</param>
    /// <param name="offset">The weight's place, in bytes.</param>
    static abstract float LoadOne(ref byte row, nuint offset);
}
