using ResizeLora.Safetensors;

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

    /// <summary>alpha / rank, the factor of B·A in ΔW; zero or negative values are ordinary.</summary>
    public double Scale => Alpha / Rank;

    /// <summary>What the layer computes.</summary>
    public LayerKind Kind => Down.Shape switch
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
        Alpha.Equals(other.Alpha) && Down.Type == other.Down.Type && Up.Type == other.Up.Type
        && Down.Shape.SequenceEqual(other.Down.Shape) && Up.Shape.SequenceEqual(other.Up.Shape);
}
