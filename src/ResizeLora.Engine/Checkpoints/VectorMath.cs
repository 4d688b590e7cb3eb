using System.Numerics;

namespace ResizeLora.Checkpoints;

/// <summary>The vector operations that the Lanczos iteration repeats, over the widest registers that <see cref="Vector{T}"/> has.</summary>
internal static class VectorMath
{
    /// <summary>xᵀy. Partial sums of a few thousand elements are carried to double precision.</summary>
    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        const int Chunk = 4096;
        double sum = 0;
        for (int start = 0; start < left.Length; start += Chunk)
        {
            int length = Math.Min(Chunk, left.Length - start);
            sum += DotChunk(left.Slice(start, length), right.Slice(start, length));
        }

        return (float)sum;
    }

    /// <summary>target += factor · source.</summary>
    public static void AddScaled(Span<float> target, float factor, ReadOnlySpan<float> source)
    {
        int index = 0;
        for (; index <= target.Length - Vector<float>.Count; index += Vector<float>.Count)
        {
            (new Vector<float>(target[index..]) + (new Vector<float>(source[index..]) * factor)).CopyTo(target[index..]);
        }

        for (; index < target.Length; index++)
        {
            target[index] += factor * source[index];
        }
    }

    /// <summary>target *= factor.</summary>
    public static void Scale(Span<float> target, float factor)
    {
        for (int index = 0; index < target.Length; index++)
        {
            target[index] *= factor;
        }
    }

    private static float DotChunk(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        Vector<float> sum = default, other = default;
        int index = 0;
        for (; index <= left.Length - (2 * Vector<float>.Count); index += 2 * Vector<float>.Count)
        {
            sum += new Vector<float>(left[index..]) * new Vector<float>(right[index..]);
            other += new Vector<float>(left[(index + Vector<float>.Count)..]) * new Vector<float>(right[(index + Vector<float>.Count)..]);
        }

        float total = Vector.Sum(sum + other);
        for (; index < left.Length; index++)
        {
            total += left[index] * right[index];
        }

        return total;
    }
}
