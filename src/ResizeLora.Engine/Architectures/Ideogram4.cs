using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>Ideogram 4, whose layers are named almost as those of Z-Image.</summary>
internal sealed partial class Ideogram4 : Architecture
{
    private const string Attention = "layers.{i}.attention";

    /// <inheritdoc/>
    public override string Name => "Ideogram 4";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.LanguageModel];

    // layers.0.adaln_modulation, in Z-Image layers.0.adaLN_modulation.0; layers.0.attention.o, in Z-Image layers.0.attention.out.
    /// <inheritdoc/>
    public override bool Recognises(NameSet names) => names.HasAny("llm_cond_proj", "embed_image_indicator") || names.Matches(OwnPattern());

    // layers.0.attention.qkv holds to_q, to_k and to_v, one below the other, all of one height.
    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Alias.Parts($"{Attention}.qkv", RowSplit.Thirds, $"{Attention}.to_q", $"{Attention}.to_k", $"{Attention}.to_v"),
            .. Alias.Same($"{Attention}.o", $"{Attention}.to_out.0"),
        ];

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules { get; } =
    ["layers.{i}.feed_forward.w1", "layers.{i}.feed_forward.w2", "layers.{i}.feed_forward.w3", "layers.{i}.adaln_modulation"];

    [GeneratedRegex("^_layers_[0-9]+_(attention_o|adaln_modulation)_", RegexOptions.CultureInvariant)]
    private static partial Regex OwnPattern();
}
