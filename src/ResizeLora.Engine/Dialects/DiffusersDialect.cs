using ResizeLora.Architectures;

namespace ResizeLora.Dialects;

/// <summary>
/// diffusers: <c>unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q</c>, <c>transformer.…</c>, <c>text_encoder.…</c>; and
/// its attention processors of before 2023, <c>down_blocks.0.….attn1.processor.to_q</c> with or without <c>unet.</c>.
/// </summary>
internal sealed class DiffusersDialect : Dialect
{
    private const string Processor = ".processor.to_";
    private const string Output = ".to_out";

    private static readonly string[] Blocks = ["down_blocks.", "mid_block.", "up_blocks."];

    /// <inheritdoc/>
    public override AdapterDialect Name => AdapterDialect.Diffusers;

    /// <inheritdoc/>
    protected override IReadOnlyList<(string Prefix, Component Component)> Prefixes { get; } =
    [
        ("unet.", Component.UNet),
        ("transformer.diffusion_model.", Component.UNet),
        ("transformer.", Component.UNet),
        ("conditional_transformer.", Component.UNet),
        ("text_encoder.", Component.TextEncoder1),
        ("text_encoder_2.", Component.TextEncoder2),
        ("text_encoder_3.", Component.TextEncoder3),
        ("text_encoder_4.", Component.TextEncoder4),
    ];

    /// <inheritdoc/>
    public override LayerSpelling? Read(string layer)
    {
        LayerSpelling? spelling =
            base.Read(layer) ?? (ComponentOf(layer) is { } component ? new LayerSpelling(Name, component, layer) : null);
        return spelling is { } read && read.Module.Contains(Processor, StringComparison.Ordinal)
            ? read with
            {
                Module = WithoutProcessor(read.Module),
            }
            : spelling;
    }

    /// <summary>The component of a module without prefix, where its name tells it.</summary>
    /// <param name="module">The module.</param>
    public static Component? ComponentOf(string module) =>
        Array.Exists(Blocks, block => module.StartsWith(block, StringComparison.Ordinal)) ? Component.UNet
        : module.StartsWith("text_model.", StringComparison.Ordinal) ? Component.TextEncoder1
        : null;

    // attn1.processor.to_out stands for attn1.to_out.0.
    private static string WithoutProcessor(string module)
    {
        string plain = module.Replace(Processor, ".to_", StringComparison.Ordinal);
        return plain.EndsWith(Output, StringComparison.Ordinal) ? $"{plain}.0" : plain;
    }
}
