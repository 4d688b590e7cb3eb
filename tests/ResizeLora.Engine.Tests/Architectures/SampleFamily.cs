using System.Globalization;

namespace ResizeLora.Tests.Architectures;

/// <summary>A few weights of a model family, narrow, in the names of its authors and in those of diffusers.</summary>
/// <param name="Own">The authors' names with their shapes, such as <c>blocks.0.attn.to_{q,k}=32x32</c>, with blanks between them.</param>
/// <param name="Diffusers">The same weights as diffusers names and divides them; null where it uses the authors' names.</param>
/// <param name="Gguf">The names in GGUF files; null where they are the authors'.</param>
internal sealed record SampleFamily(string Own, string? Diffusers = null, string? Gguf = null)
{
    /// <summary>The families by the names of their architectures.</summary>
    public static IReadOnlyDictionary<string, SampleFamily> All { get; } =
        new Dictionary<string, SampleFamily>(StringComparer.Ordinal)
        {
            ["SD 1.x"] = UNet("input_blocks.1.1.transformer_blocks.0", "down_blocks.0.attentions.0.transformer_blocks.0", "160x384"),
            ["SD 2.x"] = UNet("input_blocks.1.1.transformer_blocks.0", "down_blocks.0.attentions.0.transformer_blocks.0", "160x512"),
            ["SDXL"] = UNet("input_blocks.4.1.transformer_blocks.1", "down_blocks.1.attentions.0.transformer_blocks.1", "160x512"),
            ["SDXL refiner"] = UNet("input_blocks.4.1.transformer_blocks.1", "down_blocks.1.attentions.0.transformer_blocks.1", "96x160"),
            ["Stable Cascade"] = new(
                "down_blocks.0.2.attention.attn.out_proj=32x32 down_blocks.0.2.kv_mapper.1=32x32",
                "down_blocks.0.2.attention.to_out.0=32x32 down_blocks.0.2.kv_mapper.1=32x32"
            ),
            ["SD 3"] = new(
                "joint_blocks.23.context_block.attn.qkv=96x32 joint_blocks.23.x_block.mlp.fc1=128x32",
                "transformer_blocks.23.attn.add_{q,k,v}_proj=32x32 transformer_blocks.23.ff.net.0.proj=128x32"
            ),
            ["Flux"] = new(
                "double_blocks.0.img_attn.qkv=96x32 single_blocks.0.linear1=224x32",
                "transformer_blocks.0.attn.to_{q,k,v}=32x32 single_transformer_blocks.0.attn.to_{q,k,v}=32x32 "
                    + "single_transformer_blocks.0.proj_mlp=128x32"
            ),
            ["Chroma"] = new(
                "double_blocks.0.img_attn.qkv=96x32 distilled_guidance_layer.layers.0.in_layer=64x32",
                "transformer_blocks.0.attn.to_{q,k,v}=32x32 distilled_guidance_layer.layers.0.linear_1=64x32"
            ),
            ["Flux.2"] = new(
                "double_blocks.0.img_attn.qkv=96x32 single_blocks.0.linear1=288x32",
                "transformer_blocks.0.attn.to_{q,k,v}=32x32 single_transformer_blocks.0.attn.to_qkv_mlp_proj=288x32"
            ),
            ["HunyuanVideo"] = new(
                "double_blocks.0.img_attn_qkv=96x32 double_blocks.0.img_mlp.fc1=128x32 "
                    + "txt_in.individual_token_refiner.blocks.0.self_attn_qkv=96x32",
                "transformer_blocks.0.attn.to_{q,k,v}=32x32 transformer_blocks.0.ff.net.0.proj=128x32 "
                    + "context_embedder.token_refiner.refiner_blocks.0.attn.to_{q,k,v}=32x32"
            ),
            ["HunyuanDiT"] = new("blocks.0.attn1.Wqkv=96x32 blocks.0.mlp.fc1=128x32"),
            ["AuraFlow"] = new(
                "double_layers.0.attn.w2q=32x32 single_layers.0.mlp.c_fc1=64x32",
                "joint_transformer_blocks.0.attn.to_q=32x32 single_transformer_blocks.0.ff.linear_1=64x32"
            ),
            ["HiDream"] = new("double_stream_blocks.0.block.attn1.to_{q,k}=32x32"),
            ["Qwen-Image"] = new("transformer_blocks.0.attn.to_{q,k}=32x32 transformer_blocks.0.img_mlp.net.0.proj=128x32"),
            ["Krea 2"] = new(
                "blocks.0.attn.wq=32x32 blocks.0.attn.gate=32x32 blocks.0.mlp.up=64x32",
                "transformer_blocks.0.attn.to_q=32x32 transformer_blocks.0.attn.to_gate=32x32 transformer_blocks.0.ff.up=64x32"
            ),
            ["Z-Image"] = new(
                "layers.0.attention.qkv=96x32 layers.0.adaLN_modulation.0=128x32",
                "layers.0.attention.to_{q,k,v}=32x32 layers.0.adaLN_modulation.0=128x32"
            ),
            ["Lumina 2"] = new(
                "layers.0.attention.qkv=160x96 layers.0.feed_forward.w1=128x96",
                "layers.0.attn.to_q=96x96 layers.0.attn.to_{k,v}=32x96 layers.0.feed_forward.linear_1=128x96"
            ),
            ["Ideogram 4"] = new(
                "layers.0.attention.qkv=96x32 layers.0.attention.o=32x32 layers.0.adaln_modulation=128x32",
                "layers.0.attention.to_{q,k,v}=32x32 layers.0.attention.to_out.0=32x32 layers.0.adaln_modulation=128x32"
            ),
            ["PixArt"] = new(
                "blocks.0.attn.qkv=96x32 blocks.0.cross_attn.kv_linear=64x32 csize_embedder.mlp.0=64x32",
                "transformer_blocks.0.attn1.to_{q,k,v}=32x32 transformer_blocks.0.attn2.to_{k,v}=32x32 "
                    + "adaln_single.emb.resolution_embedder.linear_1=64x32"
            ),
            ["Sana"] = new(
                "blocks.0.attn.qkv=96x32 blocks.0.mlp.inverted_conv.conv=64x32",
                "transformer_blocks.0.attn1.to_{q,k,v}=32x32 transformer_blocks.0.ff.conv_inverted=64x32"
            ),
            ["Cosmos or Anima"] = new(
                "blocks.0.self_attn.q_proj=32x32 blocks.0.adaln_modulation_self_attn.1=64x32",
                "transformer_blocks.0.attn1.to_q=32x32 transformer_blocks.0.norm1.linear_1=64x32"
            ),
            ["Wan"] = new(
                "blocks.0.self_attn.{q,k}=32x32 blocks.0.ffn.0=128x32",
                "blocks.0.attn1.to_{q,k}=32x32 blocks.0.ffn.net.0.proj=128x32"
            ),
            ["LTX-Video"] = new(
                "transformer_blocks.0.attn1.to_{q,k}=32x32 patchify_proj=64x32 adaln_single.emb.timestep_embedder.linear_1=64x32",
                "transformer_blocks.0.attn1.to_{q,k}=32x32 proj_in=64x32 time_embed.emb.timestep_embedder.linear_1=64x32"
            ),
            ["Language model"] = new(
                "model.layers.0.self_attn.{q,o}_proj=32x32 model.layers.0.mlp.{gate,up}_proj=64x32",
                Gguf: "blk.0.attn_q=32x32 blk.0.attn_output=32x32 blk.0.ffn_{gate,up}=64x32"
            ),
        };

    /// <summary>The weights in the authors' names.</summary>
    public IReadOnlyList<SampleWeight> OwnWeights => Parse(Own);

    /// <summary>The weights in the names of diffusers.</summary>
    public IReadOnlyList<SampleWeight> DiffusersWeights => Parse(Diffusers ?? Own);

    /// <summary>The weights in the names of GGUF files.</summary>
    public IReadOnlyList<SampleWeight> GgufWeights => Parse(Gguf ?? Own);

    // The versions of Stable Diffusion differ in the shape of the cross attention's key.
    private static SampleFamily UNet(string own, string diffusers, string key)
    {
        string width = key.Split('x')[0];
        string Layers(string block) => $"{block}.attn1.to_{{q,k}}={width}x{width} {block}.attn2.to_k={key}";
        return new SampleFamily(Layers(own), Layers(diffusers));
    }

    private static SampleWeight[] Parse(string text) =>
        [
            .. from word in text.Split(' ')
            let parts = word.Split('=')
            let shape = parts[1].Split('x')
            from name in Expand(parts[0])
            select new SampleWeight(name, Number(shape[0]), Number(shape[1])),
        ];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Expand(string name) =>
        name.Split('{', '}') is [var before, var choices, var after]
            ? choices.Split(',').Select(choice => before + choice + after)
            : [name];
}

/// <summary>A weight of a base model.</summary>
/// <param name="Name">The module's name.</param>
/// <param name="Out">The rows.</param>
/// <param name="In">The columns.</param>
internal readonly record struct SampleWeight(string Name, int Out, int In);
