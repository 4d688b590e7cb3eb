using ResizeLora.Architectures;

namespace ResizeLora.Dialects;

/// <summary>LyCORIS by itself, as SimpleTuner and ai-toolkit use it: <c>lycoris_transformer_blocks_0_attn_to_q</c>.</summary>
internal sealed class LycorisDialect : Dialect
{
    private const string Prefix = "lycoris_";
    private const string TextEncoder = "text_model_";

    /// <inheritdoc/>
    public override AdapterDialect Name => AdapterDialect.Lycoris;

    /// <inheritdoc/>
    protected override IReadOnlyList<(string Prefix, Component Component)> Prefixes { get; } = [(Prefix, Component.UNet)];

    /// <inheritdoc/>
    public override LayerSpelling? Read(string layer) =>
        base.Read(layer) is { } spelling
            ? spelling.Module.StartsWith(TextEncoder, StringComparison.Ordinal)
                ? spelling with
                {
                    Component = Component.TextEncoder1,
                }
                : spelling
            : null;
}
