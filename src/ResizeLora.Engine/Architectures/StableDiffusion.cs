namespace ResizeLora.Architectures;

/// <summary>
/// The U-Nets of Stable Diffusion in Stability's words (<c>input_blocks.4.1</c>) and those of diffusers
/// (<c>down_blocks.1.attentions.0</c>). The versions differ in the number of levels and in which of them have attention.
/// </summary>
internal abstract class StableDiffusion : Architecture
{
    private const int BlocksOfLevel = 2;

    private static readonly string[] Kernels = ["_in_layers_2", "_out_layers_3", "_0_op", "_1_conv", "_2_conv"];

    /// <inheritdoc/>
    public override Component Denoiser => Component.UNet;

    /// <summary>How many levels there are, from full width inwards.</summary>
    protected abstract int Levels { get; }

    /// <summary>The levels with attention on the way down; on the way up they come in the other order.</summary>
    protected abstract int[] AttentionLevels { get; }

    /// <inheritdoc/>
    public override bool Recognises(NameSet names) => ReferenceEquals(StableDiffusionVersion.Of(names), this);

    /// <inheritdoc/>
    public override IReadOnlyList<long>? KernelOf(string path) =>
        path is "input_blocks_0_0" or "out_2" || Array.Exists(Kernels, end => path.EndsWith(end, StringComparison.Ordinal)) ? [3, 3]
        : path.EndsWith("_skip_connection", StringComparison.Ordinal) ? [1, 1]
        : null;

    /// <inheritdoc/>
    protected override IEnumerable<Alias> Aliases =>
        [
            .. Alias.Same("input_blocks.0.0", "conv_in"),
            .. Alias.Same("out.0", "conv_norm_out"),
            .. Alias.Same("out.2", "conv_out"),
            .. Alias.Same("time_embed.0", "time_embedding.linear_1"),
            .. Alias.Same("time_embed.2", "time_embedding.linear_2"),
            .. Alias.Same("label_emb.0.0", "add_embedding.linear_1"),
            .. Alias.Same("label_emb.0.2", "add_embedding.linear_2"),
            .. Residual("middle_block.0", "mid_block.resnets.0"),
            .. Alias.Same("middle_block.1.{*}", "mid_block.attentions.0.{*}"),
            .. Residual("middle_block.2", "mid_block.resnets.1"),
            .. Enumerable.Range(0, Levels).SelectMany(Down),
            .. Enumerable.Range(0, Levels).SelectMany(Up),
        ];

    /// <inheritdoc/>
    protected override IEnumerable<string> Modules =>
        [
            "proj_in",
            "proj_out",
            .. Attention("transformer_blocks.{i}.attn1"),
            .. Attention("transformer_blocks.{i}.attn2"),
            "transformer_blocks.{i}.ff.net.0.proj",
            "transformer_blocks.{i}.ff.net.2",
            "norm",
            "transformer_blocks.{i}.norm1",
            "transformer_blocks.{i}.norm2",
            "transformer_blocks.{i}.norm3",
        ];

    // down_blocks.1.resnets.0 is input_blocks.4.0; down_blocks.1.downsamplers.0.conv is input_blocks.6.0.op.
    private static IEnumerable<Alias> Down(int level)
    {
        int first = ((BlocksOfLevel + 1) * level) + 1;
        for (int block = 0; block < BlocksOfLevel; block++)
        {
            string native = FormattableString.Invariant($"input_blocks.{first + block}");
            string diffusers = FormattableString.Invariant($"down_blocks.{level}");
            foreach (Alias alias in Block(native, diffusers, block))
            {
                yield return alias;
            }
        }

        string place = FormattableString.Invariant($"input_blocks.{first + BlocksOfLevel}.0.op");
        yield return new Alias(place, default, FormattableString.Invariant($"down_blocks.{level}.downsamplers.0.conv"));
    }

    // up_blocks.1.resnets.0 is output_blocks.3.0. The upsampler is the last part of its block: behind the attention, where there is one.
    private IEnumerable<Alias> Up(int level)
    {
        int first = (BlocksOfLevel + 1) * level;
        for (int block = 0; block <= BlocksOfLevel; block++)
        {
            string native = FormattableString.Invariant($"output_blocks.{first + block}");
            string diffusers = FormattableString.Invariant($"up_blocks.{level}");
            foreach (Alias alias in Block(native, diffusers, block))
            {
                yield return alias;
            }
        }

        int part = AttentionLevels.Contains(Levels - 1 - level) ? 2 : 1;
        string place = FormattableString.Invariant($"output_blocks.{first + BlocksOfLevel}.{part}.conv");
        yield return new Alias(place, default, FormattableString.Invariant($"up_blocks.{level}.upsamplers.0.conv"));
    }

    private static IEnumerable<Alias> Block(string native, string diffusers, int index) =>
        [
            .. Residual($"{native}.0", FormattableString.Invariant($"{diffusers}.resnets.{index}")),
            .. Alias.Same($"{native}.1.{{*}}", FormattableString.Invariant($"{diffusers}.attentions.{index}.{{*}}")),
        ];

    private static string[] Attention(string attention) =>
        [$"{attention}.to_q", $"{attention}.to_k", $"{attention}.to_v", $"{attention}.to_out.0"];

    private static IEnumerable<Alias> Residual(string native, string diffusers) =>
        [
            .. Alias.Same($"{native}.in_layers.0", $"{diffusers}.norm1"),
            .. Alias.Same($"{native}.in_layers.2", $"{diffusers}.conv1"),
            .. Alias.Same($"{native}.emb_layers.1", $"{diffusers}.time_emb_proj"),
            .. Alias.Same($"{native}.out_layers.0", $"{diffusers}.norm2"),
            .. Alias.Same($"{native}.out_layers.3", $"{diffusers}.conv2"),
            .. Alias.Same($"{native}.skip_connection", $"{diffusers}.conv_shortcut"),
        ];
}

/// <summary>SDXL and its finetunes: three levels, attention in the inner two, a second text encoder.</summary>
internal sealed class Sdxl : StableDiffusion
{
    /// <inheritdoc/>
    public override string Name => "SDXL";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.ClipL, TextEncoderKind.ClipG];

    /// <inheritdoc/>
    protected override int Levels => 3;

    /// <inheritdoc/>
    protected override int[] AttentionLevels { get; } = [1, 2];
}

/// <summary>The refiner of SDXL: four levels, attention in the two in the middle, OpenCLIP-G alone.</summary>
internal sealed class SdxlRefiner : StableDiffusion
{
    /// <inheritdoc/>
    public override string Name => "SDXL refiner";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.ClipG];

    /// <inheritdoc/>
    protected override int Levels => 4;

    /// <inheritdoc/>
    protected override int[] AttentionLevels { get; } = [1, 2];
}

/// <summary>SD 1.4, 1.5 and their finetunes: four levels, attention in the outer three, CLIP-L.</summary>
internal sealed class StableDiffusion1 : StableDiffusion
{
    /// <inheritdoc/>
    public override string Name => "SD 1.x";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.ClipL];

    /// <inheritdoc/>
    public override bool KohyaUsesDiffusersNames => true;

    /// <inheritdoc/>
    protected override int Levels => 4;

    /// <inheritdoc/>
    protected override int[] AttentionLevels { get; } = [0, 1, 2];

    /// <inheritdoc/>
    public override bool SharesLayersWith(Architecture other) => other is StableDiffusion1 or StableDiffusion1Or2;

    /// <inheritdoc/>
    public override IReadOnlyList<long>? KernelOf(string path) =>
        path.EndsWith("_proj_in", StringComparison.Ordinal) || path.EndsWith("_proj_out", StringComparison.Ordinal)
            ? [1, 1]
            : base.KernelOf(path);
}

/// <summary>SD 2.0 and 2.1: as SD 1, with OpenCLIP-H.</summary>
internal sealed class StableDiffusion2 : StableDiffusion
{
    /// <inheritdoc/>
    public override string Name => "SD 2.x";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.ClipH];

    /// <inheritdoc/>
    public override bool KohyaUsesDiffusersNames => true;

    /// <inheritdoc/>
    protected override int Levels => 4;

    /// <inheritdoc/>
    protected override int[] AttentionLevels { get; } = [0, 1, 2];

    /// <inheritdoc/>
    public override bool SharesLayersWith(Architecture other) => other is StableDiffusion2 or StableDiffusion1Or2;
}

/// <summary>SD 1 or 2, where nothing tells which: their layers have the same names.</summary>
internal sealed class StableDiffusion1Or2 : StableDiffusion
{
    /// <inheritdoc/>
    public override string Name => "SD 1.x or 2.x";

    /// <inheritdoc/>
    public override IReadOnlyList<TextEncoderKind> TextEncoders { get; } = [TextEncoderKind.ClipL];

    /// <inheritdoc/>
    public override bool KohyaUsesDiffusersNames => true;

    /// <inheritdoc/>
    protected override int Levels => 4;

    /// <inheritdoc/>
    protected override int[] AttentionLevels { get; } = [0, 1, 2];

    /// <inheritdoc/>
    public override bool SharesLayersWith(Architecture other) => other is StableDiffusion1 or StableDiffusion2 or StableDiffusion1Or2;
}
