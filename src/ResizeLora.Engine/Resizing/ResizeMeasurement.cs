namespace ResizeLora.Resizing;

/// <summary>What would become of one file under one recipe; nothing is written.</summary>
public sealed record ResizeMeasurement : ResizeOutcome
{
    internal ResizeMeasurement(ResizePlan plan, IReadOnlyList<string> passedThrough, long oldLength)
        : base(plan, passedThrough, oldLength) { }

    /// <summary>Source, recipe, ranks and size.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Source}, recipe {Recipe}: rank {OldRank} -> {NewRank}, {NewLength} bytes");
}
