using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Files;

namespace ResizeLora.Tests.Adapters;

/// <summary>A block-diagonal adapter of a fused weight is read block by block.</summary>
public sealed class FusedFileTests : IDisposable
{
    private const string Layer = "lora_unet_double_blocks_0_img_attn_qkv";
    private const int Height = 4;
    private const int InFeatures = 5;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(new[] { 0, 0, 1, 1, 2, 2 }, new[] { 2, 2, 2 })]
    [InlineData(new[] { 0, 1, 1, 1, 2, 2 }, new[] { 1, 3, 2 })]
    [InlineData(new[] { 0, 0, 1, -1, 2, 2 }, new[] { 2, 2, 2 })]
    [InlineData(new[] { 0, 0, 0, 0, -1, 2 }, new[] { 5, 1 })]
    [InlineData(new[] { 0, 2 }, new[] { 1, 1 })]
    public void The_columns_of_each_part_are_a_layer_by_themselves(int[] owners, int[] ranks)
    {
        using Adapter adapter = Open(owners, out double[] up, out double[] down);
        int[] parts = [.. owners.Where(static owner => owner >= 0).Distinct()];
        Assert.Equal(ranks, adapter.Layers.Select(static layer => layer.Rank));
        Assert.Equal(parts.Select(static part => $"{Layer}.{part}"), adapter.Layers.Select(static layer => layer.Name));
        Assert.Equal(
            parts.Select(static part => new LayerKey(Component.Transformer, "double_blocks_0_img_attn_qkv", Third(part))),
            adapter.Layers.Select(static layer => layer.Key)
        );
        Assert.Empty(adapter.OtherTensors);

        // Of all layers the scale is that of the whole.
        Assert.All(adapter.Layers, layer => Assert.Equal(0.5, layer.Scale, 1e-12));
        int column = 0;
        foreach ((AdapterLayer layer, int part) in adapter.Layers.Zip(parts))
        {
            IEnumerable<int> columns = Enumerable.Range(column, layer.Rank);
            IEnumerable<int> rows = Enumerable.Range(part * Height, Height);
            double[] expectedUp = [.. rows.SelectMany(row => columns.Select(at => up[(row * owners.Length) + at]))];
            double[] expectedDown = [.. columns.SelectMany(at => down[(at * InFeatures)..((at + 1) * InFeatures)])];
            Assert.Equal(expectedUp, ScalarFloat.DecodeAll(TensorType.Float64, adapter.File.Read(layer.Up)));
            Assert.Equal(expectedDown, ScalarFloat.DecodeAll(TensorType.Float64, adapter.File.Read(layer.Down)));
            column += layer.Rank;
        }
    }

    [Theory]
    [InlineData(new[] { 0, 1, 0, 1, 2, 2 })]
    [InlineData(new[] { 1, 1, 0, 0, 2, 2 })]
    [InlineData(new[] { 9, 9, 9, 9, 9, 9 })]
    [InlineData(new[] { 0, 0, 1, 1, 2, 9 })]
    public void A_factor_that_is_not_block_diagonal_is_one_layer(int[] owners)
    {
        using Adapter adapter = Open(owners, out _, out _);
        AdapterLayer layer = Assert.Single(adapter.Layers);
        Assert.Equal((Layer, owners.Length), (layer.Name, layer.Rank));
        Assert.True(layer.Key.Rows.IsWhole);
    }

    [Fact]
    public void Any_piece_of_a_block_is_that_piece_of_it()
    {
        using Adapter adapter = Open([0, 1, 1, 1, 2, 2], out _, out _);
        foreach (TensorEntry tensor in adapter.Layers.SelectMany(static layer => new[] { layer.Up, layer.Down }))
        {
            byte[] whole = adapter.File.Read(tensor);
            for (int start = 0; start < whole.Length; start += 7)
            {
                byte[] piece = new byte[Math.Min(whole.Length - start, 61)];
                adapter.File.Read(tensor, piece, start);
                Assert.Equal(whole.AsSpan(start, piece.Length).ToArray(), piece);
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => adapter.File.Read(tensor, new byte[whole.Length], 1));
        }
    }

    private static RowSelection Third(int part) => new(RowSplit.Thirds, part, 1);

    // B with the columns of each part in its rows alone; -1 is a column of zeros, 9 one that all parts use.
    private Adapter Open(int[] owners, out double[] up, out double[] down)
    {
        var gaussian = new Gaussian(3);
        int rank = owners.Length;
        up =
        [
            .. gaussian
                .Numbers(3 * Height * rank)
                .Select((value, index) => owners[index % rank] == 9 || owners[index % rank] == index / rank / Height ? value : 0),
        ];
        down = gaussian.Numbers(rank * InFeatures);
        SampleLora lora = new SampleLora().Layer(
            Layer,
            up,
            [3 * Height, rank],
            down,
            [rank, InFeatures],
            alpha: rank / 2.0,
            TensorType.Float64
        );
        return Adapter.Open(lora.Write(folder.PathOf("lora.safetensors")));
    }
}
