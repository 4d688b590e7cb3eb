namespace ResizeLora.Bench.Generation;

/// <summary>One synthetic file.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Write">Makes it, unless it is there in its right size; says whether it did.</param>
internal sealed record BenchFile(string Path, Func<bool> Write)
{
    /// <summary>Whether a file is there in its right size, be it behind a link.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">The size in bytes.</param>
    public static bool IsThere(string path, long length) =>
        File.Exists(path) && new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path).Length == length;
}

/// <summary>Files that workloads use together.</summary>
/// <param name="Files">The files.</param>
internal sealed record FileSet(params IReadOnlyList<BenchFile> Files)
{
    /// <summary>The files' paths.</summary>
    public IEnumerable<string> Paths => Files.Select(static file => file.Path);

    /// <summary>Makes what is missing.</summary>
    /// <param name="report">Told what was made.</param>
    /// <returns>The files that were made.</returns>
    public IReadOnlyList<string> Generate(Action<string> report)
    {
        var made = new List<string>();
        foreach (BenchFile file in Files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
            if (file.Write())
            {
                made.Add(file.Path);
            }
        }

        if (made.Count > 0)
        {
            report($"written: {made[0]}{(made.Count > 1 ? FormattableString.Invariant($" and {made.Count - 1} more") : string.Empty)}");
        }

        return made;
    }
}
