using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>One layer of a LoRA: ΔW = scale · B · A.</summary>
/// <param name="Name">The layer's name in its file, what stands before <c>.lora_down.weight</c> or <c>.lora_A.weight</c>.</param>
/// <param name="Down">A, shape rank × in [× kernel height × kernel width].</param>
/// <param name="Up">B, shape out × rank [× 1 × 1].</param>
/// <param name="Alpha">
/// The file's alpha, or the one that makes the scale which PEFT's settings say, or else the rank, as every loader takes it.
/// </param>
public sealed record AdapterLayer(string Name, TensorEntry Down, TensorEntry Up, double Alpha)
{
    /// <summary>What the layer is, whatever spelling the file uses.</summary>
    public LayerKey Key { get; init; }

    /// <summary>What the layer's name says.</summary>
    internal LayerSpelling Spelling { get; init; } = LayerSpelling.Read(Name);

    /// <summary>The tensor of alpha, or null where the file has none.</summary>
    internal TensorEntry? AlphaTensor { get; init; }

    /// <summary>The pair of factors that the layer is a block of; null where it has factors of its own.</summary>
    internal FusedFactors? Fused { get; init; }

    /// <summary>Which block of <see cref="Fused"/> the layer is.</summary>
    internal int FusedPart { get; init; }

    /// <summary>How the weight that the layer changes stacks several projections; null where it is one.</summary>
    internal RowSplit? FusedAs { get; init; }

    /// <summary>The rank (dim): rows of A and columns of B.</summary>
    public int Rank => (int)Down.Shape[0];

    /// <summary>n, the rows of ΔW.</summary>
    public int OutFeatures => (int)Up.Shape[0];

    /// <summary>m, the columns of ΔW: in · kernel height · kernel width.</summary>
    public int InFeatures => (int)(Down.ElementCount / Down.Shape[0]);

    /// <summary>
    /// The shape of the weight that the layer changes, <c>[out, in]</c> or <c>[out, in, kernel height, kernel width]</c>. A 1×1
    /// convolution and a matrix are one and the same, and files of both spellings are about; a 1×3 and a 3×1 kernel are not.
    /// </summary>
    public IReadOnlyList<long> WeightShape => WithoutUnitKernel(Down.Shape.Skip(1).Prepend(OutFeatures));

    /// <summary>alpha / rank, the factor of B·A in ΔW; zero or negative values are ordinary.</summary>
    public double Scale => Alpha / Rank;

    /// <summary>What the layer computes.</summary>
    public LayerKind Kind =>
        Down.Shape switch
        {
            [_, _] => LayerKind.Linear,
            [_, _, 1, 1] => LayerKind.Convolution1x1,
            [_, _, 3, 3] => LayerKind.Convolution3x3,
            _ => LayerKind.Convolution,
        };

    /// <summary>The part of the model that the layer changes.</summary>
    public Component Component => Key.Component;

    /// <summary>The block of the component, such as <c>input_blocks.4</c>; empty when the name tells none.</summary>
    public string Block => BlockName.Of(Spelling.Module);

    /// <summary>
    /// Whether alpha stays what it is in proportion to the rank: every reader of kohya's suffixes reads alpha, and not every one of
    /// <c>lora_A</c> and <c>lora_B</c>.
    /// </summary>
    internal bool KeepsAlpha => AlphaTensor is not null && Up.Name.EndsWith(".lora_up.weight", StringComparison.Ordinal);

    /// <summary>The tensors of the file that the layer consists of.</summary>
    internal IEnumerable<TensorEntry> Tensors => AlphaTensor is null ? [Down, Up] : [AlphaTensor, Down, Up];

    /// <summary>Whether the factors are tensors of the file itself, or a block of them.</summary>
    internal bool IsStored => Down.Name.Length > 0;

    /// <summary>Whether another layer has the same types, shapes and alpha; what its factors hold is not looked at.</summary>
    /// <param name="other">The other layer.</param>
    internal bool HasFormOf(AdapterLayer other) =>
        Alpha.Equals(other.Alpha)
        && Down.Type == other.Down.Type
        && Up.Type == other.Up.Type
        && Down.Shape.SequenceEqual(other.Down.Shape)
        && Up.Shape.SequenceEqual(other.Up.Shape);

    /// <summary>A weight's shape without the kernel of a 1×1 convolution.</summary>
    /// <param name="shape">The shape, rows first.</param>
    internal static IReadOnlyList<long> WithoutUnitKernel(IEnumerable<long> shape)
    {
        long[] dimensions = shape.ToArray();
        return dimensions.Skip(2).All(static side => side == 1) ? dimensions.Take(2).ToArray() : dimensions;
    }

    /// <summary>A shape as people write it.</summary>
    /// <param name="shape">The shape.</param>
    internal static string TextOf(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
