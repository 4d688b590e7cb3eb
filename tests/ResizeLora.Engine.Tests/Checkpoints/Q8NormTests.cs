using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>Norms of GGUF's Q8_0 are measured on its bytes, and are to the bit those of the decoded numbers.</summary>
public sealed class Q8NormTests : IDisposable
{
    private const string Module = "model.diffusion_model.towers.0.dense";
    private const int Block = 32;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Every_scale_and_byte_decode_to_the_number_of_the_file()
    {
        byte[] block = new byte[Q8Blocks.ByteLength];
        byte[] arranged = new byte[2 * Q8Decoder.VectorByteLength];
        float[] expected = new float[Block];
        float[] decoded = new float[Block];
        const int BlocksOfScale = (byte.MaxValue + 1) / Block;
        for (int number = 0; number < (ushort.MaxValue + 1) * BlocksOfScale; number++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(block, (ushort)(number / BlocksOfScale));
            for (int index = 0; index < Block; index++)
            {
                block[sizeof(ushort) + index] = (byte)((number * Block) + index);
            }

            GgufBlocks.Q8_0(block, expected);
            Q8Blocks.Arrange(block, arranged);
            for (int vector = 0; vector < 2; vector++)
            {
                (Vector256<float> first, Vector256<float> second) = Q8Decoder.Load(
                    ref MemoryMarshal.GetArrayDataReference(arranged),
                    (nuint)(vector * Q8Decoder.VectorByteLength)
                );
                first.CopyTo(decoded, vector * IRowDecoder.Width);
                second.CopyTo(decoded, (vector * IRowDecoder.Width) + Vector256<float>.Count);
            }

            Assert.True(expected.AsSpan().SequenceEqual(decoded), $"The scale {number / BlocksOfScale:X4} is decoded in another way.");
        }
    }

    [Theory]
    [InlineData(1, 32)]
    [InlineData(3, 96)]
    [InlineData(37, 32)]
    [InlineData(70, 160)]
    [InlineData(129, 64)]
    public void Norms_are_those_of_the_decoded_numbers_to_the_bit(int rows, int columns)
    {
        double[] numbers = new Gaussian(rows).Numbers(rows * columns, 0.03);
        AssertSameNorms(rows, columns, SampleGguf.Encode(GgufType.Q8_0, numbers));
    }

    [Fact]
    public void Blocks_may_be_all_zero()
    {
        double[] numbers = new Gaussian(1).Numbers(20 * 64);
        Array.Clear(numbers, 0, 64);
        Array.Clear(numbers, 7 * Block, Block);
        AssertSameNorms(20, 64, SampleGguf.Encode(GgufType.Q8_0, numbers));
        AssertSameNorms(20, 64, new byte[20 * 64 / Block * Q8Blocks.ByteLength]);
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(-0.25)]
    [InlineData(0.0)]
    [InlineData(5.960464477539063e-8)]
    [InlineData(-5.960464477539063e-8)]
    [InlineData(6.097555160522461e-5)]
    [InlineData(65504.0)]
    public void Scales_may_be_any_half(double scale)
    {
        // Alone, and beside blocks of another size.
        AssertSameNorms(16, 64, EveryByte(16 * 64, _ => scale));
        AssertSameNorms(16, 64, EveryByte(16 * 64, block => block % 3 == 0 ? scale : 0.01));
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(double.NaN)]
    public void A_scale_that_is_no_number_is_refused(double scale)
    {
        foreach (byte filling in (byte[])[0, 1])
        {
            byte[] blocks = EveryByte(4 * 64, block => block == 5 ? scale : 1);
            blocks.AsSpan((5 * Q8Blocks.ByteLength) + sizeof(ushort), Block).Fill(filling);
            using Checkpoint checkpoint = Open([4, 64], blocks);
            BaseWeight weight = Assert.Single(checkpoint.Weights);
            Assert.True(weight.IsQ8);
            Assert.Equal("NotFinite", Assert.Throws<CheckpointException>(() => Measure(checkpoint, weight)).Defect);
        }
    }

    [Fact]
    public void Rows_of_stacked_projections_have_the_norms_of_their_rows()
    {
        const string Stacked = "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight";
        double[] numbers = [.. new Gaussian(3).Numbers(9 * 64).Select(static (value, index) => value * (1 + (index / 192)))];
        using Checkpoint checkpoint = Checkpoint.Open(
            new SampleGguf().Of(Stacked, GgufType.Q8_0, [9, 64], numbers).Write(folder.PathOf("stacked.gguf"))
        );
        foreach (char side in "qkv")
        {
            AssertSameNorms(checkpoint, checkpoint.Find($"lora_te2_text_model_encoder_layers_0_self_attn_{side}_proj")!);
        }
    }

    // ComfyUI-GGUF stores what has no rows of whole blocks in another shape; other types have other blocks.
    [Theory]
    [InlineData(GgufType.Q8_0, new[] { 8, 64 }, true)]
    [InlineData(GgufType.Q8_0, new[] { 4, 32, 3, 3 }, true)]
    [InlineData(GgufType.Q8_0, new[] { 4, 8, 3, 3 }, false)]
    [InlineData(GgufType.Q8_0, new[] { 16, 16 }, false)]
    [InlineData(GgufType.Q4_0, new[] { 4, 64 }, false)]
    public void Weights_are_decoded_where_their_rows_are_no_blocks_of_eight_bits(object type, int[] shape, bool isQ8)
    {
        double[] numbers = new Gaussian(4).Numbers(shape.Aggregate(1, static (product, side) => product * side));
        using Checkpoint checkpoint = Checkpoint.Open(
            new SampleGguf()
                .Pair($"comfy.gguf.orig_shape.{Module}.weight", shape)
                .Of($"{Module}.weight", (GgufType)type, [numbers.Length / Block, Block], numbers)
                .Write(folder.PathOf("other.gguf"))
        );
        BaseWeight weight = Assert.Single(checkpoint.Weights);
        Assert.Equal(isQ8, weight.IsQ8);
        Assert.Equal(!isQ8, weight.ByteLength == weight.StoredByteLength);
        Assert.Equal(Decoded(weight), Measure(checkpoint, weight));
    }

    [Fact]
    public void Norms_are_found_again_by_the_content_and_not_by_that_of_the_decoded_numbers()
    {
        var cache = new NormCache(folder.PathOf("kept"));
        double[] numbers = new Gaussian(5).Numbers(8 * 64);
        for (int run = 0; run < 2; run++)
        {
            using Checkpoint checkpoint = Open([8, 64], SampleGguf.Encode(GgufType.Q8_0, numbers));
            var operators = new CountingOperatorFactory();
            BaseWeight weight = Assert.Single(checkpoint.Weights);
            new BaseNormProvider(checkpoint, cache, operators, 1).GetNorms([weight], progress: null, CancellationToken.None);
            Assert.Equal(1 - run, operators.Count);
        }

        string kept = File.ReadAllText(Assert.Single(Directory.GetFiles(cache.Folder)));
        Assert.Contains("-Q8_0-8x64", kept, StringComparison.Ordinal);
    }

    private void AssertSameNorms(int rows, int columns, byte[] blocks)
    {
        using Checkpoint checkpoint = Open([rows, columns], blocks);
        AssertSameNorms(checkpoint, Assert.Single(checkpoint.Weights));
    }

    private void AssertSameNorms(Checkpoint checkpoint, BaseWeight weight)
    {
        Assert.True(weight.IsQ8);
        Assert.Equal(weight.Rows * weight.Columns / Block * Q8Blocks.ByteLength, weight.StoredByteLength);
        Assert.Equal(Decoded(weight), Measure(checkpoint, weight));
    }

    private BaseNorms Measure(Checkpoint checkpoint, BaseWeight weight) =>
        new BaseNormProvider(checkpoint, new NormCache(folder.PathOf($"{Guid.NewGuid()}")), new GramOperatorFactory(), 1).GetNorms(
            [weight],
            progress: null,
            CancellationToken.None
        )[weight.Name];

    private static BaseNorms Decoded(BaseWeight weight)
    {
        byte[] bytes = new byte[weight.ByteLength];
        weight.Read(bytes);
        using var gram = new WeightGramOperator(TensorType.Float32, bytes, weight.Rows, weight.Columns);
        return LanczosNorm.Compute(gram, CancellationToken.None).Norms;
    }

    // All 256 bytes, in an order in which no row is like another.
    private static byte[] EveryByte(int count, Func<int, double> scaleOf) =>
        [
            .. Enumerable
                .Range(0, count / Block)
                .SelectMany(block =>
                    SampleGguf
                        .Half(scaleOf(block))
                        .Concat(Enumerable.Range(block * Block, Block).Select(static index => (byte)((index * 167) + (index >> 8))))
                ),
        ];

    private Checkpoint Open(long[] shape, byte[] blocks) =>
        Checkpoint.Open(new SampleGguf().Raw($"{Module}.weight", GgufType.Q8_0, shape, blocks).Write(folder.PathOf("base.gguf")));
}
