using System.Text.RegularExpressions;

namespace ResizeLora.Tests;

/// <summary>The names of an adapter's tensors, taken apart by a list of endings: what the engine's reading must agree with.</summary>
internal static partial class PlainNames
{
    // The first that fits counts: .lora_A.weight stands before .weight.
    private static readonly (string Ending, string Part)[] Endings =
    [
        (".lora_down.weight", PlainParts.Down),
        (".lora_up.weight", PlainParts.Up),
        (".lora_A.default.weight", PlainParts.Down),
        (".lora_B.default.weight", PlainParts.Up),
        (".lora_A.weight", PlainParts.Down),
        (".lora_B.weight", PlainParts.Up),
        (".lora.down.weight", PlainParts.Down),
        (".lora.up.weight", PlainParts.Up),
        (".lora_linear_layer.down.weight", PlainParts.Down),
        (".lora_linear_layer.up.weight", PlainParts.Up),
        (".lora_mid.weight", "lora_mid"),
        (".lora_embedding_A", "lora_embedding_A"),
        (".lora_embedding_B", "lora_embedding_B"),
        (".lora_magnitude_vector.default.weight", PlainParts.Magnitude),
        (".lora_magnitude_vector.weight", PlainParts.Magnitude),
        (".lora_magnitude_vector", PlainParts.Magnitude),
        (".dora_scale", PlainParts.Magnitude),
        (".magnitude", PlainParts.Magnitude),
        (".a1.weight", "a1"),
        (".a2.weight", "a2"),
        (".b1.weight", "b1"),
        (".b2.weight", "b2"),
        (".lora_B.bias", "bias"),
    ];

    private static readonly string[] Bare =
    [
        "alpha",
        "hada_w1_a",
        "hada_w1_b",
        "hada_w2_a",
        "hada_w2_b",
        "hada_t1",
        "hada_t2",
        "lokr_w1",
        "lokr_w1_a",
        "lokr_w1_b",
        "lokr_w2",
        "lokr_w2_a",
        "lokr_w2_b",
        "lokr_t2",
        "diff",
        "diff_b",
        "set_weight",
        "reshape_weight",
        "w_norm",
        "b_norm",
        "on_input",
        "oft_blocks",
    ];

    /// <summary>What a tensor's name says.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The layer, and the part's name by which <see cref="PlainKinds"/> knows it; null where no ending fits.</returns>
    public static (string Layer, string Part)? Read(string name)
    {
        foreach ((string ending, string part) in Endings)
        {
            if (name.EndsWith(ending, StringComparison.Ordinal))
            {
                return (name[..^ending.Length], part);
            }
        }

        int dot = name.LastIndexOf('.');
        if (dot > 0 && Array.IndexOf(Bare, name[(dot + 1)..]) >= 0)
        {
            return (name[..dot], name[(dot + 1)..]);
        }

        // attn1.processor.to_q_lora.down.weight of diffusers, processor.qkv_lora1.down.weight of XLabs.
        Match old = OldPattern().Match(name);
        return old.Success ? (old.Groups[1].Value, old.Groups[2].Value == "up" ? PlainParts.Up : PlainParts.Down) : null;
    }

    [GeneratedRegex(@"^(.*(?:\.processor\.(?:to_(?:q|k|v|out)(?=_lora)|(?:qkv|proj)_lora[12]?(?=\.))))(?:_lora)?\.(down|up)\.weight$")]
    private static partial Regex OldPattern();
}

/// <summary>Parts of which there are several spellings.</summary>
internal static class PlainParts
{
    public const string Down = "lora_down";
    public const string Up = "lora_up";
    public const string Magnitude = "magnitude";
    public const string Alpha = "alpha";
}
