using ResizeLora.Adapters;

namespace ResizeLora.Conversion;

/// <summary>Rows of a factor B and where they go.</summary>
/// <param name="Source">The first row in the input's factor.</param>
/// <param name="Target">The first row in the output's.</param>
/// <param name="Count">How many rows.</param>
internal readonly record struct RowRun(int Source, int Target, int Count);

/// <summary>Rows that a layer of the input gives to a factor B of the output.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Runs">The rows, in the order in which they stand in the output.</param>
internal sealed record FactorRows(AdapterLayer Layer, IReadOnlyList<RowRun> Runs)
{
    /// <summary>Whether all rows stay where they are.</summary>
    public bool AreAll => Runs is [{ Source: 0, Target: 0 } run] && run.Count == Layer.OutFeatures;
}

/// <summary>
/// The columns that layers of the input give to a factor B of the output, with the rows of A that belong to them. Several layers share
/// columns where they have the same A and change different rows.
/// </summary>
/// <param name="Rows">The layers with their rows; A is that of the first.</param>
internal sealed record FactorColumns(IReadOnlyList<FactorRows> Rows)
{
    /// <summary>The layer that gives A.</summary>
    public AdapterLayer Layer => Rows[0].Layer;

    /// <summary>How many columns.</summary>
    public int Rank => Layer.Rank;

    /// <summary>The scale of the layers.</summary>
    public double Scale => Layer.Scale;
}
