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
    public static int VectorByteLength => IRowDecoder.Width * ByteLength;

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
            vector = Vector256.LessThanAny(numbers - Vector256<ushort>.One, Vector256.Create((ushort)(SmallestNormal - 1)))
                ? LiftSubnormals(vector)
                : vector + Vector256.AndNot(Vector256.Create((ushort)(Lift << 10)), Vector256.Equals(numbers, default));
        }

        foreach (ref ushort half in rest)
        {
            half = Multiply(half, 1 << Lift);
        }

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

    // Any halves below 2^6, subnormal ones among them.
    private static Vector256<ushort> LiftSubnormals(Vector256<ushort> halves)
    {
        Vector256<ushort> numbers = halves & Vector256.Create(NumberMask);
        (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(numbers);
        Vector256<ushort> lifted = Vector256.ConditionalSelect(
            Vector256.LessThan(numbers, Vector256.Create(SmallestNormal)),
            Vector256.Narrow(LiftMantissas(lower), LiftMantissas(upper)),
            numbers + Vector256.Create((ushort)(Lift << 10))
        );
        return lifted | (halves & Vector256.Create((ushort)(NumberMask + 1)));
    }

    // m of m · 2^-24 becomes the half m · 2^-14, by way of the single of that value.
    private static Vector256<uint> LiftMantissas(Vector256<uint> mantissas)
    {
        Vector256<float> lifted = Vector256.ConvertToSingle(mantissas.AsInt32()) * Vector256.Create(1f / (1 << 14));
        Vector256<uint> halves = (lifted.AsUInt32() - Vector256.Create(112u << 23)) >>> 13;
        return Vector256.AndNot(halves, Vector256.Equals(mantissas, default));
    }

    // By a power of two: exact.
    private static ushort Multiply(ushort half, float factor) =>
        BitConverter.HalfToUInt16Bits((Half)((float)BitConverter.UInt16BitsToHalf(half) * factor));
}
