using ResizeLora.Bench.Measuring;

namespace ResizeLora.Tests.Benchmarks;

/// <summary>The parts of docs/performance.md that the benchmark writes.</summary>
public sealed class PagePartsTests
{
    private const string Page = "before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n";

    [Fact]
    public void What_stands_between_the_marks_is_replaced()
    {
        string page = PageParts.Replace(Page, "figures", "new\n");
        Assert.Equal("before\n<!-- figures -->\nnew\n<!-- end of figures -->\nafter\n", page);
    }

    [Fact]
    public void A_part_that_the_page_does_not_have_comes_at_its_end()
    {
        string page = PageParts.Replace(Page, "figures of types", "new\n");
        Assert.Equal(Page + "\n<!-- figures of types -->\nnew\n<!-- end of figures of types -->\n", page);
        Assert.Equal(page, PageParts.Replace(page, "figures of types", "new\n"));
    }

    [Fact]
    public void A_new_page_is_the_part_alone()
    {
        Assert.Equal("new\n", PageParts.Replace(string.Empty, "figures", "new\n"));
    }
}
