using ResizeLora.Dialects;

namespace ResizeLora.Conversion;

/// <summary>How a program names the tensors of a layer, behind the layer's name.</summary>
/// <param name="Down">A.</param>
/// <param name="Up">B.</param>
/// <param name="Magnitude">The magnitudes of DoRA.</param>
/// <param name="Bias">The change of the bias.</param>
internal sealed record PartSuffixes(string Down, string Up, string Magnitude, string Bias)
{
    /// <summary>What stands behind the name for alpha, in every spelling that has one.</summary>
    public const string Alpha = ".alpha";

    /// <summary>PEFT's name of a bias, which its readers multiply with the scale.</summary>
    public const string ScaledBias = ".lora_B.bias";

    /// <summary>The part of a bias in names that are read.</summary>
    public const string BiasPart = "diff_b";

    private const string PlainBias = $".{BiasPart}";

    private static readonly PartSuffixes Kohya = new(".lora_down.weight", ".lora_up.weight", ".dora_scale", PlainBias);
    private static readonly PartSuffixes ComfyUI = new(".lora_A.weight", ".lora_B.weight", ".dora_scale", PlainBias);
    private static readonly PartSuffixes Peft = new(".lora_A.weight", ".lora_B.weight", ".lora_magnitude_vector", ScaledBias);

    /// <summary>The suffixes of a LoRA of an embedding, which PEFT alone writes and reads.</summary>
    public static PartSuffixes Embedding { get; } = Peft with { Down = ".lora_embedding_A", Up = ".lora_embedding_B" };

    /// <summary>The suffixes of a program.</summary>
    /// <param name="naming">The program.</param>
    public static PartSuffixes Of(LoraNaming naming) =>
        naming switch
        {
            LoraNaming.Kohya => Kohya,
            LoraNaming.ComfyUI => ComfyUI,
            _ => Peft,
        };
}
