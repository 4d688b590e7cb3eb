using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>alpha/rank stays what it was, and what rounding changes is put right in the factors.</summary>
public sealed class OutputAlphaTests
{
    public static TheoryData<TensorType> Types => [TensorType.Float16, TensorType.BFloat16, TensorType.Float32];

    [Theory]
    [MemberData(nameof(Types))]
    public void The_stored_alpha_times_the_gain_is_the_exact_one(TensorType type)
    {
        foreach (double ratio in new[] { 1, 0.5, 1.0 / 3, 0.001, -0.25, 16, 1e-7, -3e-12, 1e30, 70_000 })
        {
            foreach (int rank in new[] { 1, 3, 7, 128, 1000 })
            {
                var alpha = OutputAlpha.Create(ratio, rank, type);
                double stored = ScalarFloat.DecodeAll(alpha.Type, alpha.Bytes)[0];
                Assert.Equal(ratio * rank, stored * alpha.Gain, 1e-12 * Math.Abs(ratio * rank));
                Assert.InRange(alpha.Gain, 0.995, 1.005);
                Assert.True(alpha.Type == type || alpha.Type == TensorType.Float32);
            }
        }
    }

    [Theory]
    [InlineData(1, 8, TensorType.Float16, TensorType.Float16)]
    [InlineData(1.0 / 3, 7, TensorType.Float16, TensorType.Float16)]
    [InlineData(1e-9, 8, TensorType.Float16, TensorType.Float32)]
    [InlineData(9000, 8, TensorType.Float16, TensorType.Float32)]
    [InlineData(9000, 8, TensorType.BFloat16, TensorType.BFloat16)]
    [InlineData(1e-9, 8, TensorType.Float32, TensorType.Float32)]
    public void An_alpha_that_the_type_cannot_hold_is_stored_in_single_precision(
        double ratio,
        int rank,
        TensorType type,
        TensorType expected
    ) => Assert.Equal(expected, OutputAlpha.Create(ratio, rank, type).Type);

    [Theory]
    [InlineData(1)]
    [InlineData(-0.5)]
    public void Whole_alphas_are_stored_exactly(double ratio)
    {
        var alpha = OutputAlpha.Create(ratio, 8, TensorType.Float16);
        Assert.Equal((8 * ratio, 1.0), (ScalarFloat.DecodeAll(TensorType.Float16, alpha.Bytes)[0], alpha.Gain));
    }
}
