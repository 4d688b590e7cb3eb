using System.Runtime.InteropServices;
using ResizeLora.Files;

namespace ResizeLora.KeyLists;

/// <summary>A tensor of a key list. Its numbers follow from its name, so that they need not be kept.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type that it is stored in.</param>
/// <param name="Shape">The shape in the test.</param>
internal sealed record ListedTensor(string Name, TensorType Type, long[] Shape)
{
    /// <summary>What is put before the name to choose the numbers: twins under two names hold the same.</summary>
    public string Seed { get; init; } = Name;

    /// <summary>Numbers that are given, or null where they follow from the seed.</summary>
    public double[]? Given { get; init; }

    /// <summary>How many numbers it holds.</summary>
    public int Count => (int)Shape.Aggregate(1L, static (product, side) => product * side);

    /// <summary>The numbers in double precision, each one exact in every type of 16 bits or more.</summary>
    public double[] Numbers()
    {
        if (Given is not null)
        {
            return Given;
        }

        byte[] random = new byte[(Count + 7) / 8 * 8];
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(random.AsSpan());
        ulong state = HashOf(Seed) | 1;
        for (int index = 0; index < words.Length; index++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            words[index] = state;
        }

        // Parts of a fused weight differ in size, so that one taken for another is seen in its norms.
        int rows = (int)(Shape.Length > 0 ? Shape[0] : 1);
        int columns = rows > 0 ? Count / rows : 0;
        double size = Math.ScaleB(1, -6 - (int)(HashOf(Seed) >> 32) % 3);
        double[] numbers = new double[Count];
        for (int row = 0; row < rows; row++)
        {
            double ofRow = rows < 6 ? size : Math.ScaleB(size, -(row * 21 / rows % 3));
            for (int column = 0; column < columns; column++)
            {
                int index = (row * columns) + column;
                numbers[index] = (sbyte)random[index] * ofRow;
            }
        }

        return numbers;
    }

    /// <summary>The tensor as it is written.</summary>
    public SampleTensor ToSample() =>
        Type is TensorType.Float16 or TensorType.BFloat16 or TensorType.Float32
            ? SampleTensor.Of(Name, Type, Shape, Numbers())
            : new SampleTensor(Name, Type, Shape, Filled(Count * TensorTypes.BytesOf(Type)));

    /// <summary>A hash that is the same in every run.</summary>
    public static ulong HashOf(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char character in text)
        {
            hash = (hash ^ character) * 1099511628211;
        }

        hash ^= hash >> 29;
        return hash * 0x9E3779B97F4A7C15;
    }

    private static byte[] Filled(int length)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, (byte)1);
        return bytes;
    }
}
