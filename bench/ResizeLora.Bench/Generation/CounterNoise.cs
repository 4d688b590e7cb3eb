using System.IO.Hashing;
using System.Numerics;
using System.Text;

namespace ResizeLora.Bench.Generation;

/// <summary>
/// Numbers of mean 0 and deviation 1, near enough to normal ones: the sum of the four bytes of a hash of the position. A
/// number depends on seed and position alone, so that any part can be made on any thread.
/// </summary>
internal sealed class CounterNoise
{
    // The sum of four bytes has mean 510 and variance 4 · (256² − 1) / 12.
    private const float Mean = 510;
    private const float Deviation = 147.8f;

    private readonly uint seed;
    private readonly uint secondSeed;

    /// <summary>Starts a sequence.</summary>
    /// <param name="name">What tells it from all others.</param>
    public CounterNoise(string name)
    {
        ulong hash = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(name));
        seed = (uint)hash;
        secondSeed = (uint)(hash >> 32);
    }

    /// <summary>A number between 0 and 1 that belongs to a name, for choices.</summary>
    /// <param name="name">The name.</param>
    public static double Uniform(string name) => (XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(name)) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Gives a part of the sequence.</summary>
    /// <param name="position">The first number's position.</param>
    /// <param name="destination">Where the numbers go.</param>
    public void Fill(long position, Span<float> destination)
    {
        uint first = unchecked((uint)position + seed);
        int index = 0;
        for (; index <= destination.Length - Vector<float>.Count; index += Vector<float>.Count)
        {
            Vector<uint> counters = Vector<uint>.Indices + new Vector<uint>(unchecked(first + (uint)index));
            Standardise(Hash(counters)).CopyTo(destination[index..]);
        }

        if (index < destination.Length)
        {
            Span<float> rest = stackalloc float[Vector<float>.Count];
            Standardise(Hash(Vector<uint>.Indices + new Vector<uint>(unchecked(first + (uint)index)))).CopyTo(rest);
            rest[..(destination.Length - index)].CopyTo(destination[index..]);
        }
    }

    // Chris Wellons' lowbias32, with the second half of the seed between its rounds.
    private Vector<uint> Hash(Vector<uint> value)
    {
        value ^= value >>> 16;
        value *= new Vector<uint>(0x7FEB352D);
        value += new Vector<uint>(secondSeed);
        value ^= value >>> 15;
        value *= new Vector<uint>(0x846CA68B);
        return value ^ (value >>> 16);
    }

    private static Vector<float> Standardise(Vector<uint> hash)
    {
        var evenBytes = new Vector<uint>(0x00FF00FF);
        Vector<uint> pairs = (hash & evenBytes) + ((hash >>> 8) & evenBytes);
        Vector<uint> sums = (pairs & new Vector<uint>(0xFFFF)) + (pairs >>> 16);
        return (Vector.ConvertToSingle(sums.As<uint, int>()) - new Vector<float>(Mean)) * (1 / Deviation);
    }
}
