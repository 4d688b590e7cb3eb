using System.Text.RegularExpressions;

namespace ResizeLora.KeyLists;

/// <summary>What a layer's name says of its component, by its beginning.</summary>
internal static partial class AdapterRoles
{
    // The first that fits counts. A text encoder's number means another encoder in each family.
    private static readonly (string Prefix, int Encoder)[] Prefixes =
    [
        ("lora_unet__", 0),
        ("lora_unet_", 0),
        ("lora_transformer_", 0),
        ("lycoris__", 0),
        ("lycoris_", 0),
        ("lora_te1_", 1),
        ("lora_te2_", 2),
        ("lora_te3_", 3),
        ("lora_te_", 1),
        ("unet.base_model.model.", 0),
        ("base_model.model.transformer.", 0),
        ("base_model.model.", 0),
        ("transformer.diffusion_model.", 0),
        ("unet.", 0),
        ("transformer.", 0),
        ("diffusion_model.", 0),
        ("text_encoder.", 1),
        ("text_encoder_2.", 2),
        ("text_encoder_3.", 3),
        ("text_encoders.clip_l.transformer.", 1),
        ("text_encoders.clip_g.transformer.", 2),
        ("text_encoders.t5xxl.transformer.", 3),
    ];

    /// <summary>The role and the module of a layer.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="encoders">The roles of the family's text encoders, in order.</param>
    public static (string Role, string Module) Of(string layer, string[] encoders)
    {
        (string prefix, int encoder) = Prefixes.FirstOrDefault(known => layer.StartsWith(known.Prefix, StringComparison.Ordinal));
        string module = layer[(prefix?.Length ?? 0)..];
        string role = encoder == 0 ? BaseRoles.Denoiser : encoders[Math.Min(encoder, encoders.Length) - 1];
        return (role, ProcessorPattern().Replace(module, static match => match.Value == ".processor.to_out" ? ".to_out.0" : ".to_"));
    }

    [GeneratedRegex(@"\.processor\.to_(out$)?")]
    private static partial Regex ProcessorPattern();
}
