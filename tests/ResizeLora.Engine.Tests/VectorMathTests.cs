namespace ResizeLora.Tests;

/// <summary>Sums do not depend on where their numbers lie, which differs from run to run and from thread to thread.</summary>
public sealed class VectorMathTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(1280)]
    [InlineData(11520)]
    public void A_product_has_the_same_bits_wherever_its_vectors_lie(int length)
    {
        float[] left = [.. new Gaussian(1).Numbers(length).Select(static number => (float)number)];
        float[] right = [.. new Gaussian(2).Numbers(length).Select(static number => (float)number)];
        float expected = VectorMath.Dot(left, right);
        float[] room = new float[2 * (length + 16)];
        for (int offset = 0; offset < 16; offset++)
        {
            Span<float> first = room.AsSpan(offset, length);
            Span<float> second = room.AsSpan(length + 16 + (offset * 7 % 16), length);
            left.CopyTo(first);
            right.CopyTo(second);
            Assert.Equal(expected, VectorMath.Dot(first, second));
        }
    }
}
