using ResizeLora.Architectures;

namespace ResizeLora.Dialects;

/// <summary>
/// PEFT: <c>base_model.model.model.layers.0.self_attn.q_proj</c>, around a component also <c>unet.base_model.model.…</c> and
/// <c>base_model.model.transformer.…</c>.
/// </summary>
internal sealed class PeftDialect : Dialect
{
    /// <summary>What stands in front of every name.</summary>
    public const string Wrapper = "base_model.model.";

    private static readonly string[] InnerPrefixes = ["transformer.", "diffusion_model.", "unet."];

    /// <inheritdoc/>
    public override AdapterDialect Name => AdapterDialect.Peft;

    /// <inheritdoc/>
    protected override IReadOnlyList<(string Prefix, Component Component)> Prefixes { get; } =
    [
        ($"unet.{Wrapper}", Component.UNet),
        ($"transformer.{Wrapper}", Component.UNet),
        ($"text_encoder.{Wrapper}", Component.TextEncoder1),
        ($"text_encoder_2.{Wrapper}", Component.TextEncoder2),
        (Wrapper, Component.Other),
    ];

    /// <inheritdoc/>
    public override LayerSpelling? Read(string layer)
    {
        if (base.Read(layer) is not { Component: Component.Other } spelling)
        {
            return base.Read(layer);
        }

        string? inner = Array.Find(InnerPrefixes, prefix => spelling.Module.StartsWith(prefix, StringComparison.Ordinal));
        return inner is null
            ? spelling with
            {
                Component = DiffusersDialect.ComponentOf(spelling.Module) ?? Component.Other,
            }
            : spelling with
            {
                // The transformer of GPT-2 is a language model, not a component: base_model.model.transformer.h.0.attn.c_attn.
                Component = inner == "transformer." ? Component.Other : Component.UNet,
                Module = spelling.Module[inner.Length..],
            };
    }
}
