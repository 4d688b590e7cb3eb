namespace ResizeLora.Bench.Generation;

/// <summary>Has the files there while they are wanted: what a run made it removes again, so that not all lie in memory at once.</summary>
/// <param name="keep">Whether nothing is removed.</param>
/// <param name="report">Told of each file.</param>
internal sealed class FileShelf(bool keep, Action<string> report)
{
    private readonly HashSet<FileSet> fetched = [];
    private readonly HashSet<string> made = new(StringComparer.Ordinal);

    /// <summary>Makes what is missing.</summary>
    /// <param name="sets">The files that are wanted.</param>
    public void Fetch(IEnumerable<FileSet> sets)
    {
        foreach (FileSet set in sets.Where(fetched.Add))
        {
            made.UnionWith(set.Generate(report));
        }
    }

    /// <summary>Removes what this run made and nobody wants any more.</summary>
    /// <param name="wanted">The files that are still wanted.</param>
    public void RemoveAllBut(IEnumerable<FileSet> wanted)
    {
        FileSet[] kept = [.. wanted];
        string[] unwanted = keep ? [] : [.. made.Except(kept.SelectMany(static set => set.Paths), StringComparer.Ordinal)];
        fetched.IntersectWith(kept);
        foreach (string path in unwanted)
        {
            File.Delete(path);
            made.Remove(path);
        }
    }
}
