namespace ResizeLora.Comparison;

/// <summary>What two changes of one weight come down to; a layer that a file lacks is a change of zero.</summary>
/// <param name="Reference">‖ΔW₁‖F².</param>
/// <param name="Other">‖ΔW₂‖F².</param>
/// <param name="Inner">The inner product ⟨ΔW₁, ΔW₂⟩, the sum over the products of their elements.</param>
/// <param name="Distance">‖ΔW₁ − ΔW₂‖F².</param>
internal readonly record struct LayerProducts(double Reference, double Other, double Inner, double Distance)
{
    /// <summary>‖ΔW₁ − ΔW₂‖F / ‖ΔW₁‖F: 0 where both are zero, ∞ where only ΔW₁ is.</summary>
    public double RelativeError =>
        Reference > 0 ? Math.Sqrt(Distance / Reference)
        : Distance > 0 ? double.PositiveInfinity
        : 0;

    /// <summary>⟨ΔW₁, ΔW₂⟩ / (‖ΔW₁‖F · ‖ΔW₂‖F): 1 where both are zero, 0 where one is.</summary>
    public double Cosine =>
        Reference > 0 && Other > 0 ? Math.Clamp(Inner / Reference * Math.Sqrt(Reference / Other), -1, 1)
        : Reference > 0 || Other > 0 ? 0
        : 1;

    /// <summary>The products of layers taken together.</summary>
    public static LayerProducts operator +(LayerProducts left, LayerProducts right) =>
        new(left.Reference + right.Reference, left.Other + right.Other, left.Inner + right.Inner, left.Distance + right.Distance);
}
