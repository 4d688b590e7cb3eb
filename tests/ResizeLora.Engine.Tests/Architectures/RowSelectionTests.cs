using ResizeLora.Architectures;

namespace ResizeLora.Tests.Architectures;

/// <summary>How high the parts of a fused weight are.</summary>
public sealed class RowSelectionTests
{
    [Theory]
    [InlineData(RowSplit.None, 7, 3, new[] { 7 })]
    [InlineData(RowSplit.Halves, 8, 3, new[] { 4, 4 })]
    [InlineData(RowSplit.Halves, 7, 3, null)]
    [InlineData(RowSplit.Thirds, 9, 5, new[] { 3, 3, 3 })]
    [InlineData(RowSplit.Thirds, 10, 5, null)]
    [InlineData(RowSplit.Thirds, 0, 5, null)]
    [InlineData(RowSplit.GroupedAttention, 12, 6, new[] { 6, 3, 3 })]
    [InlineData(RowSplit.GroupedAttention, 18, 6, new[] { 6, 6, 6 })]
    [InlineData(RowSplit.GroupedAttention, 13, 6, null)]
    [InlineData(RowSplit.GroupedAttention, 6, 6, null)]
    [InlineData(RowSplit.GroupedAttention, 5, 6, null)]
    [InlineData(RowSplit.AttentionAndMlp, 21, 3, new[] { 3, 3, 3, 12 })]
    [InlineData(RowSplit.AttentionAndMlp, 9, 3, null)]
    [InlineData(RowSplit.AttentionAndMlp, 8, 3, null)]
    public void A_weight_is_divided_or_cannot_be(RowSplit split, int rows, int columns, int[]? heights)
    {
        Assert.Equal(heights, RowSelection.HeightsOf(split, rows, columns));
        Assert.True(heights is null || heights.Length == RowSelection.CountOf(split));
    }

    [Fact]
    public void A_selection_says_its_parts()
    {
        Assert.Equal("all", default(RowSelection).ToString());
        Assert.Equal("1", new RowSelection(RowSplit.Thirds, 1, 1).ToString());
        Assert.Equal("0,1", new RowSelection(RowSplit.Thirds, 0, 2).ToString());
        Assert.Equal("1,0", new RowSelection(RowSplit.Halves, 0, 2, IsSwapped: true).ToString());
    }
}
