namespace ResizeLora.Adapters;

/// <summary>One file of a merge.</summary>
/// <param name="Path">The LoRA file.</param>
/// <param name="Weight">What its ΔW is multiplied with; zero leaves it out, below zero subtracts it.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="LastWriteTime">The time of its last change, UTC, when the merge was made.</param>
public sealed record MergeSource(string Path, double Weight, long Length, DateTime LastWriteTime)
{
    /// <summary>The content key of the file when the merge was made; empty for one that is left out.</summary>
    internal string Content { get; init; } = string.Empty;

    /// <summary>The file's name and its weight.</summary>
    public override string ToString() => FormattableString.Invariant($"{System.IO.Path.GetFileName(Path)}:{Weight}");
}
