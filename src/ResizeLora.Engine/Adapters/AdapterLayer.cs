using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>One layer of a LoRA: ΔW = scale · B · A.</summary>
/// <param name="Name">The layer's name, what stands before <c>.lora_down.weight</c>.</param>
/// <param name="Down">A, shape rank × in [× kernel height × kernel width].</param>
/// <param name="Up">B, shape out × rank [× 1 × 1].</param>
/// <param name="Alpha">The file's alpha, or the rank where it has none, as every loader takes it.</param>
public sealed record AdapterLayer(string Name, TensorEntry Down, TensorEntry Up, double Alpha)
{
    /// <summary>The suffix of A's tensor.</summary>
    public const string DownSuffix = ".lora_down.weight";

    /// <summary>The suffix of B's tensor.</summary>
    public const string UpSuffix = ".lora_up.weight";

    /// <summary>The suffix of alpha's tensor.</summary>
    public const string AlphaSuffix = ".alpha";

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

    /// <summary>The part of the image model that the layer changes.</summary>
    public Component Component => LayerName.ComponentOf(Name);

    /// <summary>The block of the component.</summary>
    public string Block => LayerName.BlockOf(Name);

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
