namespace ResizeLora.Bench.Measuring;

/// <summary>The parts of a page that a program writes, each between two marks.</summary>
internal static class PageParts
{
    /// <summary>Replaces a part.</summary>
    /// <param name="page">The page.</param>
    /// <param name="part">The part's name.</param>
    /// <param name="content">Its new content, which ends with a new line.</param>
    /// <returns>The page; a part whose marks it does not have is put at its end with them, and alone where there is no page yet.</returns>
    public static string Replace(string page, string part, string content)
    {
        string first = $"<!-- {part} -->";
        string last = $"<!-- end of {part} -->";
        int start = page.IndexOf(first, StringComparison.Ordinal);
        int end = page.IndexOf(last, StringComparison.Ordinal);
        return start >= 0 && end > start ? $"{page[..(start + first.Length)]}\n{content}{page[end..]}"
            : page.Length == 0 ? content
            : $"{page}\n{first}\n{content}{last}\n";
    }
}
