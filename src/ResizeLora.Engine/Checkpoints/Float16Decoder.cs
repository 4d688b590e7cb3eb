using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResizeLora.Checkpoints;

/// <summary>
/// Decodes IEEE half precision. Shifted into place, a half has its sign, exponent and mantissa where a single has them, only
/// that the exponent counts from another zero: the number is 2^−112 of what it stands for. No conversion follows. A subnormal half
/// would become a subnormal single, for which some processors need a hundred times as long: rows are multiplied by 2^10 first, in
/// place, which leaves no half subnormal.
/// </summary>
internal readonly struct Float16Decoder : IRowDecoder
{
    private const int SignAndNumber = unchecked((int)0x8FFFE000);

    // Halves of 2^6 and more would leave the range.
    private const int Lift = 10;
    private const ushort NumberMask = 0x7FFF;
    private const ushort SmallestNormal = 1 << 10;
    private const ushort TooLarge = (15 + 6) << 10;

    /// <inheritdoc/>
    public static int ByteLength => sizeof(ushort);

    /// <inheritdoc/>
    public static float Scale => 5.192296858534828e33f;

    /// <inheritdoc/>
    public static bool IsInterleaved => true;

    /// <inheritdoc/>
    public static float Limit => 1.2621774483536189e-29f;

    /// <inheritdoc/>
    public static int LiftExponent => Lift;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryLift(Span<byte> row)
    {
        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(row);
        Span<Vector256<ushort>> vectors = MemoryMarshal.Cast<ushort, Vector256<ushort>>(halves);
        Vector256<ushort> largest = default;
        foreach (Vector256<ushort> vector in vectors)
        {
            largest = Vector256.Max(largest, vector & Vector256.Create(NumberMask));
        }

        Span<ushort> rest = halves[(vectors.Length * Vector256<ushort>.Count)..];
        foreach (ushort half in rest)
        {
            largest = Vector256.Max(largest, Vector256.Create((ushort)(half & NumberMask)));
        }

        if (Vector256.GreaterThanOrEqualAny(largest, Vector256.Create(TooLarge)))
        {
            return false;
        }

        foreach (ref Vector256<ushort> vector in vectors)
        {
            // Less one, zero is the largest number there is.
            Vector256<ushort> numbers = vector & Vector256.Create(NumberMask);
            if (Vector256.LessThanAny(numbers - Vector256<ushort>.One, Vector256.Create((ushort)(SmallestNormal - 1))))
            {
                LiftEach(MemoryMarshal.Cast<Vector256<ushort>, ushort>(MemoryMarshal.CreateSpan(ref vector, 1)));
            }
            else
            {
                vector += Vector256.AndNot(Vector256.Create((ushort)(Lift << 10)), Vector256.Equals(numbers, default));
            }
        }

        LiftEach(rest);
        return true;
    }

    /// <inheritdoc/>
    public static void Lower(Span<byte> rows)
    {
        foreach (ref ushort half in MemoryMarshal.Cast<byte, ushort>(rows))
        {
            half = Multiply(half, 1f / (1 << Lift));
        }
    }

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

    private static void LiftEach(Span<ushort> halves)
    {
        foreach (ref ushort half in halves)
        {
            half = Multiply(half, 1 << Lift);
        }
    }

    // By a power of two: exact.
    private static ushort Multiply(ushort half, float factor) =>
        BitConverter.HalfToUInt16Bits((Half)((float)BitConverter.UInt16BitsToHalf(half) * factor));
}
