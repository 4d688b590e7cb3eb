namespace ResizeLora.Recipes;

/// <summary>Which dimensions of each layer stay.</summary>
/// <param name="Threshold">
/// The score that separates: every kept dimension lies above it (or, at a size limit where scores tie, on it); −∞ when nothing was cut,
/// null when nothing was scored.
/// </param>
/// <param name="Kept">For each layer the kept dimensions, ascending.</param>
public sealed record DimensionSelection(double? Threshold, IReadOnlyList<int[]> Kept);
