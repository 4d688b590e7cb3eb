using ResizeLora.Architectures;

namespace ResizeLora.Tests.Architectures;

/// <summary>Names are matched part by part: literals before numbers before the rest, and dots and underscores divide alike.</summary>
public sealed class NameTableTests
{
    private static readonly NameTable Table = new([
        .. Alias.Same("blocks.{i}.first", "stages.{i}.attn.to_q"),
        .. Alias.Same("blocks.zero.second", "stages.0.attn.to_k"),
        .. Alias.Same("blocks.{i}.rest.{*}", "stages.{i}.{*}"),
        .. Alias.Same("pair.{i}.{i}", "lists.{i}.of.{i}"),
        .. Alias.Same("pair.1.{*}", "lists.1.{*}"),
        .. Alias.Parts("layers.{i}.qkv", RowSplit.Thirds, "layers.{i}.q", "layers.{i}.k", "layers.{i}.v"),
        .. Alias.Numbered("layers.{i}.qkv", RowSplit.Thirds),
        Alias.FirstRows("layers.{i}.qkv", RowSplit.Thirds, 2, "layers.{i}.qk"),
        Alias.Swapped("final.modulation", "norm_out.linear"),
    ]);

    [Theory]
    [InlineData("stages.5.attn.to_q", "blocks_5_first")]
    [InlineData("stages_5_attn_to_q", "blocks_5_first")]
    [InlineData("_stages__5_attn.to_q", "blocks_5_first")]
    [InlineData("stages.0.attn.to_k", "blocks_zero_second")]
    [InlineData("stages.0.attn.to_q", "blocks_0_first")]
    [InlineData("stages.5.attn.to_k", "blocks_5_rest_attn_to_k")]
    [InlineData("stages.0.attn.to_v", "blocks_0_rest_attn_to_v")]
    [InlineData("stages.5.mlp.fc_1", "blocks_5_rest_mlp_fc_1")]
    [InlineData("stages.x.mlp", "stages_x_mlp")]
    [InlineData("lists.1.of.2", "pair_1_of_2")]
    [InlineData("lists.2.of.3", "pair_2_3")]
    [InlineData("lists.2.of.x", "lists_2_of_x")]
    [InlineData("elsewhere.to_q", "elsewhere_to_q")]
    [InlineData("", "")]
    public void A_name_becomes_the_path_of_its_module(string name, string path) => Assert.Equal((path, default), Table.Resolve(name));

    [Theory]
    [InlineData("layers.3.q", 0, 1)]
    [InlineData("layers_3_v", 2, 1)]
    [InlineData("layers.3.qkv.1", 1, 1)]
    [InlineData("layers.3.qk", 0, 2)]
    public void The_name_of_a_part_says_its_rows(string name, int first, int count) =>
        Assert.Equal(("layers_3_qkv", new RowSelection(RowSplit.Thirds, first, count)), Table.Resolve(name));

    [Fact]
    public void A_module_whose_halves_are_swapped_is_known()
    {
        (string path, RowSelection rows) = Table.Resolve("norm_out.linear");
        Assert.Equal("final_modulation", path);
        Assert.True(rows.IsSwapped);
        Assert.Equal([1, 0], rows.Parts);
    }

    [Fact]
    public void A_fused_module_knows_its_parts_by_their_first_names()
    {
        Assert.Equal(["layers_7_q", "layers_7_k", "layers_7_v"], Table.PartsOf("layers_7_qkv").Select(static part => part.Name));
        Assert.Equal([0, 1, 2], Table.PartsOf("layers_7_qkv").Select(static part => part.Rows.First));
        Assert.Empty(Table.PartsOf("layers_7_other"));
    }
}
