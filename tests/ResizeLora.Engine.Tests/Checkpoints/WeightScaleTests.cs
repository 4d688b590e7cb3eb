using System.Runtime.InteropServices;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>The true weight of a quantised tensor is the stored one times its scale.</summary>
public sealed class WeightScaleTests : IDisposable
{
    private const string Module = "model.diffusion_model.towers.0.dense";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("scale_weight", new long[0])]
    [InlineData("scale_weight", new long[] { 1 })]
    [InlineData("weight_scale", new long[0])]
    public void One_scale_is_that_of_the_whole_tensor(string suffix, long[] shape) =>
        AssertScaled(6, 4, SampleTensor.Of($"{Module}.{suffix}", TensorType.Float32, shape, [0.25]), static (_, _) => 0.25);

    [Theory]
    [InlineData(-3)]
    [InlineData(7.174648137343064e-43)]
    [InlineData(1.2676506002282294e30)]
    public void The_scale_of_the_whole_tensor_may_be_any_number(double factor) =>
        AssertScaled(6, 4, SampleTensor.Of($"{Module}.scale_weight", TensorType.Float32, [1], [factor]), (_, _) => factor);

    [Fact]
    public void Norms_of_one_tensor_under_two_scales_are_not_taken_for_each_other()
    {
        foreach (double factor in (double[])[0.5, 2])
        {
            AssertScaled(6, 4, SampleTensor.Of($"{Module}.scale_weight", TensorType.Float32, [1], [factor]), (_, _) => factor);
        }
    }

    [Theory]
    [InlineData(new long[] { 6 })]
    [InlineData(new long[] { 6, 1 })]
    public void A_scale_may_be_that_of_a_row(long[] shape) =>
        AssertScaled(
            6,
            4,
            SampleTensor.Of($"{Module}.weight_scale", TensorType.BFloat16, shape, [1, 2, 4, 8, 16, 32]),
            static (row, _) => Math.Pow(2, row)
        );

    // At the edges of a weight the blocks of 128 are cut off.
    [Theory]
    [InlineData(256, 256)]
    [InlineData(200, 130)]
    [InlineData(129, 250)]
    public void A_scale_may_be_that_of_a_block_of_128(int rows, int columns) =>
        AssertScaled(
            rows,
            columns,
            SampleTensor.Of($"{Module}.weight_scale_inv", TensorType.Float32, [2, 2], [1, 2, 4, 8]),
            static (row, column) => Math.Pow(2, (row / 128 * 2) + (column / 128))
        );

    [Fact]
    public void A_scale_may_be_that_of_a_small_block() =>
        AssertScaled(
            2,
            64,
            SampleTensor.Of($"{Module}.weight_scale", TensorType.Float32, [2, 2], [1, 2, 4, 8]),
            static (row, column) => Math.Pow(2, (row * 2) + (column / 32))
        );

    [Theory]
    [InlineData(TensorType.Float8E8M0)]
    [InlineData(TensorType.UInt8)]
    public void A_scale_may_be_an_exponent(TensorType type) =>
        AssertScaled(
            2,
            64,
            new SampleTensor($"{Module}.weight_scale", type, [2, 2], [127, 128, 126, 130]),
            static (row, column) =>
                (row, column / 32) switch
                {
                    (0, 0) => 1,
                    (0, 1) => 2,
                    (1, 0) => 0.5,
                    _ => 8,
                }
        );

    [Fact]
    public void Whole_numbers_are_weights_with_a_scale_and_none_without()
    {
        double[] numbers = [-128, -1, 0, 1, 2, 127];
        SampleTensor weight = SampleTensor.Of($"{Module}.weight", TensorType.Int8, [2, 3], numbers);
        SampleTensor scale = SampleTensor.Of($"{Module}.weight_scale", TensorType.Float32, [2], [0.5, 2]);
        using Checkpoint checkpoint = Open(weight, scale);
        Assert.Equal([-64, -0.5, 0, 2, 4, 254], ReadAll(Assert.Single(checkpoint.Weights)));
    }

    [Fact]
    public void Parts_of_a_scaled_weight_have_the_scales_of_their_rows()
    {
        const string Stacked = "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight";
        using Checkpoint checkpoint = Open(
            SampleTensor.Of(Stacked, TensorType.Float8E4M3, [6, 2], Enumerable.Repeat(1.0, 12)),
            SampleTensor.Of($"{Stacked}.weight_scale", TensorType.Float32, [6], [1, 2, 3, 4, 5, 6])
        );
        Assert.Equal([3, 3, 4, 4], ReadAll(checkpoint.Find("lora_te2_text_model_encoder_layers_0_self_attn_k_proj")!));
    }

    private void AssertScaled(int rows, int columns, SampleTensor scale, Func<int, int, double> expected)
    {
        SampleTensor weight = SampleTensor.Of(
            $"{Module}.weight",
            TensorType.Float8E4M3,
            [rows, columns],
            Enumerable.Range(0, rows * columns).Select(static index => 1.0 + (index % 5))
        );
        using Checkpoint checkpoint = Open(weight, scale);
        BaseWeight found = checkpoint.Find("lora_unet_towers_0_dense")!;
        Assert.Equal(TensorType.Float32, found.Type);
        double[] stored = ScalarFloat.DecodeAll(TensorType.Float8E4M3, weight.Bytes);
        double[] scaled = [.. stored.Select((value, index) => value * expected(index / columns, index % columns))];
        Assert.Equal(scaled, ReadAll(found));

        (double spectral, double frobenius) = Dense.Norms(scaled, rows, columns);
        var provider = new BaseNormProvider(checkpoint, new NormCache(folder.PathOf("norms")), new GramOperatorFactory(), 1);
        BaseNorms norms = provider.GetNorms([found], progress: null, CancellationToken.None)[found.Name];
        Assert.Equal(spectral, norms.Spectral, 1e-5 * spectral);
        Assert.Equal(frobenius, norms.Frobenius, 1e-6 * frobenius);

        // Rows from the middle are scaled as those.
        byte[] some = new byte[found.RowByteLength];
        found.Read(rows - 1, some);
        Assert.Equal(scaled[^columns..], ToDoubles(some));
    }

    private static double[] ReadAll(BaseWeight weight)
    {
        byte[] bytes = new byte[weight.ByteLength];
        weight.Read(bytes);
        return ToDoubles(bytes);
    }

    private static double[] ToDoubles(byte[] bytes) =>
        Array.ConvertAll(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), static value => (double)value);

    private Checkpoint Open(params SampleTensor[] tensors) =>
        Checkpoint.Open(SampleFiles.Write(folder.PathOf("base.safetensors"), tensors));
}
