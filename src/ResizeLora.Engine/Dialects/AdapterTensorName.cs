namespace ResizeLora.Dialects;

/// <summary>What the end of a tensor's name says of its place in an adapter, in the spelling of every trainer that is known.</summary>
/// <param name="Layer">What stands before the part's own name.</param>
/// <param name="Part">What the tensor is to its layer.</param>
/// <param name="Kind">The kind of adapter that the part makes of its layer, or null for a part that every kind may have (alpha).</param>
/// <param name="Rank">Where the tensor's shape has the rank, if it has it.</param>
/// <param name="Suffix">The part's own name, in one spelling for all trainers, such as <c>hada_w1_a</c> or <c>dora_scale</c>.</param>
/// <param name="AdapterName">PEFT's name of the adapter, mostly <c>default</c>; null where the name has none.</param>
internal readonly record struct AdapterTensorName(
    string Layer,
    AdapterPart Part,
    AdapterKind? Kind,
    AdapterTensorName.RankPlace Rank,
    string Suffix,
    string? AdapterName = null
)
{
    private const string WeightSuffix = ".weight";

    /// <summary>The place of the rank in a tensor's shape.</summary>
    internal enum RankPlace
    {
        /// <summary>The shape does not tell the rank.</summary>
        None,

        /// <summary>The first dimension, and what follows is the input: the factor A.</summary>
        First,

        /// <summary>The second dimension: the factor B.</summary>
        Second,

        /// <summary>The smaller of the first two; the versions of GLoRA differ in the order.</summary>
        Smaller,
    }

    /// <summary>Reads a name.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>Its meaning, or null when no adapter is known to use such a name.</returns>
    public static AdapterTensorName? Parse(string name)
    {
        if (name.StartsWith(BundledEmbedding.Prefix, StringComparison.Ordinal) || name.StartsWith("_aux.", StringComparison.Ordinal))
        {
            return null;
        }

        ReadOnlySpan<char> rest = Trim(name, WeightSuffix);
        int dot = rest.LastIndexOf('.');
        if (dot <= 0)
        {
            return null;
        }

        ReadOnlySpan<char> layer = rest[..dot];
        ReadOnlySpan<char> part = rest[(dot + 1)..];
        if (part is "down" or "up")
        {
            // diffusers' older names: to_q.lora.down, to_q_lora.down, lora_linear_layer.down; XLabs: processor.qkv_lora1.down.
            ReadOnlySpan<char> trimmed = Trim(Trim(Trim(layer, ".lora"), "_lora"), ".lora_linear_layer");
            return trimmed.Length < layer.Length || IsXLabs(layer) ? Pair(IsXLabs(layer) ? layer : trimmed, part is "down", null) : null;
        }

        if (MeaningOf(part) is { } meaning)
        {
            return new AdapterTensorName(layer.ToString(), meaning.Part, meaning.Kind, meaning.Rank, SuffixOf(part, meaning.Part));
        }

        // PEFT puts the adapter's name behind the part: to_q.lora_A.default.weight. A bias of B is written lora_B.bias.
        int before = layer.LastIndexOf('.');
        ReadOnlySpan<char> inner = before < 0 ? default : layer[(before + 1)..];
        if (inner is "lora_B" && part is "bias")
        {
            return new AdapterTensorName(layer[..before].ToString(), AdapterPart.Beside, AdapterKind.Full, RankPlace.None, "diff_b");
        }

        return
            inner is "lora_A" or "lora_B" or "lora_magnitude_vector" or "lora_embedding_A" or "lora_embedding_B"
            && MeaningOf(inner) is { } named
            ? new AdapterTensorName(
                layer[..before].ToString(),
                named.Part,
                named.Kind,
                named.Rank,
                SuffixOf(inner, named.Part),
                part.ToString()
            )
            : null;
    }

    private static AdapterTensorName Pair(ReadOnlySpan<char> layer, bool isDown, string? adapterName) =>
        new(
            layer.ToString(),
            isDown ? AdapterPart.Down : AdapterPart.Up,
            AdapterKind.LoRA,
            isDown ? RankPlace.First : RankPlace.Second,
            isDown ? "lora_down" : "lora_up",
            adapterName
        );

    private static string SuffixOf(ReadOnlySpan<char> part, AdapterPart meaning) =>
        meaning switch
        {
            AdapterPart.Down => "lora_down",
            AdapterPart.Up => "lora_up",
            AdapterPart.Magnitude => "dora_scale",
            _ => part.ToString(),
        };

    private static bool IsXLabs(ReadOnlySpan<char> layer)
    {
        ReadOnlySpan<char> module = layer[(layer.LastIndexOf('.') + 1)..];
        return module is "qkv_lora" or "qkv_lora1" or "qkv_lora2" or "proj_lora" or "proj_lora1" or "proj_lora2";
    }

    private static (AdapterPart Part, AdapterKind? Kind, RankPlace Rank)? MeaningOf(ReadOnlySpan<char> part) =>
        part switch
        {
            "lora_down" or "lora_A" => (AdapterPart.Down, AdapterKind.LoRA, RankPlace.First),
            "lora_up" or "lora_B" => (AdapterPart.Up, AdapterKind.LoRA, RankPlace.Second),
            "alpha" => (AdapterPart.Alpha, null, RankPlace.None),
            "scalar" => (AdapterPart.Other, null, RankPlace.None),
            "lora_mid" => (AdapterPart.Other, AdapterKind.LoRA, RankPlace.None),
            "dora_scale" or "lora_magnitude_vector" or "magnitude" => (AdapterPart.Magnitude, AdapterKind.DoRA, RankPlace.None),
            "lora_embedding_A" => (AdapterPart.Other, AdapterKind.LoRA, RankPlace.First),
            "lora_embedding_B" => (AdapterPart.Other, AdapterKind.LoRA, RankPlace.Second),
            "hada_w1_b" or "hada_w2_b" => (AdapterPart.Other, AdapterKind.LoHa, RankPlace.First),
            "hada_w1_a" or "hada_w2_a" or "hada_t1" or "hada_t2" => (AdapterPart.Other, AdapterKind.LoHa, RankPlace.None),
            "lokr_w1_b" or "lokr_w2_b" => (AdapterPart.Other, AdapterKind.LoKr, RankPlace.First),
            "lokr_w1" or "lokr_w2" or "lokr_w1_a" or "lokr_w2_a" or "lokr_t1" or "lokr_t2" => (
                AdapterPart.Other,
                AdapterKind.LoKr,
                RankPlace.None
            ),
            "b1" or "b2" or "a1" or "a2" or "bm" => (AdapterPart.Other, AdapterKind.GLoRA, RankPlace.Smaller),
            "on_input" or "ia3_l" => (AdapterPart.Other, AdapterKind.IA3, RankPlace.None),
            "oft_blocks" or "oft_diag" or "oft_r" or "oft_R" or "boft_r" or "boft_s" => (
                AdapterPart.Other,
                AdapterKind.OFT,
                RankPlace.None
            ),
            "diff_b" => (AdapterPart.Beside, AdapterKind.Full, RankPlace.None),
            "diff" or "set_weight" or "w_norm" or "b_norm" => (AdapterPart.Other, AdapterKind.Full, RankPlace.None),
            "reshape_weight" => (AdapterPart.Beside, null, RankPlace.None),
            _ => null,
        };

    private static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text, ReadOnlySpan<char> suffix) =>
        text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text;
}

/// <summary>What a tensor is to its layer.</summary>
internal enum AdapterPart
{
    /// <summary>The factor A.</summary>
    Down,

    /// <summary>The factor B.</summary>
    Up,

    /// <summary>The number that scales the product.</summary>
    Alpha,

    /// <summary>The learned lengths of the rows or columns of DoRA.</summary>
    Magnitude,

    /// <summary>A change beside the product, such as that of the bias: it stays as it is when the product is resized.</summary>
    Beside,

    /// <summary>A part with which the layer is more than B·A.</summary>
    Other,
}
