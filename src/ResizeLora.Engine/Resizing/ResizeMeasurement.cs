namespace ResizeLora.Resizing;

/// <summary>What would become of one file under one recipe; nothing is written.</summary>
public sealed class ResizeMeasurement : ResizeOutcome
{
    /// <summary>Describes a file that could be written.</summary>
    /// <param name="plan">What would be carried out.</param>
    /// <param name="oldLength">The size of the input in bytes.</param>
    public ResizeMeasurement(ResizePlan plan, long oldLength)
        : base(plan, oldLength)
    {
    }

    /// <summary>Source, recipe, ranks and size.</summary>
    public override string ToString() => FormattableString.Invariant($"{Source}, recipe {Recipe}: rank {OldRank} -> {NewRank}, {NewLength} bytes");
}
