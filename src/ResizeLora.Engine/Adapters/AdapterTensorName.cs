namespace ResizeLora.Adapters;

/// <summary>What the name of a tensor says of its place in an adapter, in the names of every trainer that is known.</summary>
/// <param name="Layer">What stands before the part's own name.</param>
/// <param name="Kind">The family that the part makes of its layer, or null for a part that every family may have (alpha).</param>
/// <param name="Rank">Where the tensor's shape has the rank, if it has it.</param>
internal readonly record struct AdapterTensorName(string Layer, AdapterKind? Kind, AdapterTensorName.RankPlace Rank)
{
    private const string WeightSuffix = ".weight";

    // PEFT puts the adapter's name, which is "default" unless somebody chose another, between the part and "weight".
    private const string DefaultAdapter = ".default";

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
        ReadOnlySpan<char> rest = name;
        rest = Trim(rest, WeightSuffix);
        rest = Trim(rest, DefaultAdapter);
        int dot = rest.LastIndexOf('.');
        if (dot <= 0)
        {
            return null;
        }

        ReadOnlySpan<char> layer = rest[..dot];
        ReadOnlySpan<char> part = rest[(dot + 1)..];
        if (part is "down" or "up")
        {
            // diffusers' older names: to_q.lora.down, to_q_lora.down, lora_linear_layer.down.
            ReadOnlySpan<char> trimmed = Trim(Trim(Trim(layer, ".lora"), "_lora"), ".lora_linear_layer");
            return trimmed.Length < layer.Length
                ? new AdapterTensorName(trimmed.ToString(), AdapterKind.LoRA, part is "down" ? RankPlace.First : RankPlace.Second)
                : null;
        }

        (AdapterKind? Kind, RankPlace Rank)? meaning = part switch
        {
            "lora_down" or "lora_A" => (AdapterKind.LoRA, RankPlace.First),
            "lora_up" or "lora_B" => (AdapterKind.LoRA, RankPlace.Second),
            "lora_mid" => (AdapterKind.LoRA, RankPlace.None),
            "dora_scale" or "lora_magnitude_vector" => (AdapterKind.DoRA, RankPlace.None),
            "hada_w1_b" or "hada_w2_b" => (AdapterKind.LoHa, RankPlace.First),
            "hada_w1_a" or "hada_w2_a" or "hada_t1" or "hada_t2" => (AdapterKind.LoHa, RankPlace.None),
            "lokr_w1_b" or "lokr_w2_b" => (AdapterKind.LoKr, RankPlace.First),
            "lokr_w1" or "lokr_w2" or "lokr_w1_a" or "lokr_w2_a" or "lokr_t1" or "lokr_t2" => (AdapterKind.LoKr, RankPlace.None),
            "b1" or "b2" or "a1" or "a2" => (AdapterKind.GLoRA, RankPlace.Smaller),
            "on_input" or "ia3_l" => (AdapterKind.IA3, RankPlace.None),
            "oft_blocks" or "oft_diag" or "oft_r" or "boft_r" or "boft_s" => (AdapterKind.OFT, RankPlace.None),
            "diff" or "diff_b" or "w_norm" or "b_norm" => (AdapterKind.Full, RankPlace.None),
            "alpha" or "scalar" => (null, RankPlace.None),
            _ => null,
        };
        return meaning is { } known ? new AdapterTensorName(layer.ToString(), known.Kind, known.Rank) : null;
    }

    private static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text, ReadOnlySpan<char> suffix) =>
        text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text;
}
