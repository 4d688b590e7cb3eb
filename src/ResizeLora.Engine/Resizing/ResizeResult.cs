namespace ResizeLora.Resizing;

/// <summary>What became of one file under one recipe.</summary>
public sealed record ResizeResult : ResizeOutcome
{
    /// <summary>Describes a file that was written.</summary>
    /// <param name="measurement">What was carried out.</param>
    /// <param name="path">The output.</param>
    /// <param name="elapsed">The time that it took, decomposition included where this recipe was the first.</param>
    public ResizeResult(ResizeMeasurement measurement, string path, TimeSpan elapsed)
        : base(measurement)
    {
        Path = path;
        Elapsed = elapsed;
    }

    /// <summary>The file that was written.</summary>
    public string Path { get; }

    /// <summary>
    /// The time that it took, decomposition included where this recipe was the first of its file; not what several files shared.
    /// </summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Source, output and ranks.</summary>
    public override string ToString() => FormattableString.Invariant($"{Source} -> {Path}, rank {OldRank} -> {NewRank}");
}
