namespace ResizeLora.KeyLists;

/// <summary>Small models of all families: a few blocks, narrow, in the proportions of the real ones.</summary>
internal static class OwnModels
{
    private const int Hidden = 24;
    private const int Text = 16;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<OwnModel> All { get; } =
    [
        new("SD 1.5", Family.StableDiffusion1, "model.diffusion_model.", [.. UNet([1, 2, 4, 4], 0b0111, 24, 1, true), .. ClipL()], true),
        new(
            "SD 2.1",
            Family.StableDiffusion2,
            "model.diffusion_model.",
            [.. UNet([1, 2, 4, 4], 0b0111, 32, 1, false), .. OpenClip(BaseRoles.ClipL, 32)],
            true
        ),
        new(
            "SDXL",
            Family.Sdxl,
            "model.diffusion_model.",
            [.. UNet([1, 2, 4], 0b110, 64, 2, false), .. ClipL(), .. OpenClip(BaseRoles.ClipG, 40)],
            true
        ),
        new("Flux.1", Family.Flux, string.Empty, [.. Flux(hasModulation: true), .. ClipL(), .. T5()], true),
        new("Chroma", Family.Chroma, string.Empty, [.. Flux(hasModulation: false), .. T5()], true),
        new("Flux.2", Family.Flux2, string.Empty, [.. Flux2()], true),
        new("SD 3", Family.StableDiffusion3, "model.diffusion_model.", [.. StableDiffusion3()], true),
        new("Qwen-Image", Family.QwenImage, "model.diffusion_model.", [.. QwenImage()], false),
        new("Z-Image", Family.ZImage, string.Empty, [.. Lumina(Hidden * 3, "adaLN_modulation.0")], true),
        new("Lumina 2", Family.Lumina2, string.Empty, [.. Lumina(Hidden * 5 / 3, "adaLN_modulation.1")], true),
        new("Wan", Family.Wan, string.Empty, [.. Wan()], true),
        new("HunyuanVideo", Family.HunyuanVideo, string.Empty, [.. HunyuanVideo(isComfy: false)], true),
        new("HunyuanVideo ComfyUI", Family.HunyuanVideo, "model.diffusion_model.", [.. HunyuanVideo(isComfy: true)], false),
        new("LTX-Video", Family.Ltx, "model.diffusion_model.", [.. Ltx()], true),
        new("Llama", Family.LanguageModel, string.Empty, [.. LanguageModel()], false),
        new("Krea 2", Family.LanguageModel, string.Empty, [.. Krea2()], false),
    ];

    /// <summary>Finds a model.</summary>
    public static OwnModel Get(string name) => All.Single(model => model.Name == name);

    private static OwnModule Net(string name, params long[] shape) => new(BaseRoles.Denoiser, name, shape);

    private static IEnumerable<OwnModule> Flux(bool hasModulation)
    {
        yield return Net("img_in", Hidden, 8);
        yield return Net("txt_in", Hidden, Text);
        string[] embedders = hasModulation ? ["time_in", "vector_in", "guidance_in"] : [];
        foreach (string embedder in embedders)
        {
            yield return Net($"{embedder}.in_layer", Hidden, 12);
            yield return Net($"{embedder}.out_layer", Hidden, Hidden);
        }

        for (int block = 0; block < 2; block++)
        {
            foreach (string stream in (string[])["img", "txt"])
            {
                if (hasModulation)
                {
                    yield return Net($"double_blocks.{block}.{stream}_mod.lin", 6 * Hidden, Hidden);
                }

                yield return Net($"double_blocks.{block}.{stream}_attn.qkv", 3 * Hidden, Hidden);
                yield return Net($"double_blocks.{block}.{stream}_attn.proj", Hidden, Hidden);
                yield return Net($"double_blocks.{block}.{stream}_mlp.0", 4 * Hidden, Hidden);
                yield return Net($"double_blocks.{block}.{stream}_mlp.2", Hidden, 4 * Hidden);
            }
        }

        for (int block = 0; block < 3; block++)
        {
            if (hasModulation)
            {
                yield return Net($"single_blocks.{block}.modulation.lin", 3 * Hidden, Hidden);
            }

            yield return Net($"single_blocks.{block}.linear1", 7 * Hidden, Hidden);
            yield return Net($"single_blocks.{block}.linear2", Hidden, 5 * Hidden);
        }

        yield return Net("final_layer.linear", 8, Hidden);
        if (hasModulation)
        {
            yield return Net("final_layer.adaLN_modulation.1", 2 * Hidden, Hidden);
            yield break;
        }

        yield return Net("distilled_guidance_layer.in_proj", 20, 8);
        yield return Net("distilled_guidance_layer.out_proj", Hidden, 20);
        yield return Net("distilled_guidance_layer.layers.0.in_layer", 20, 20);
        yield return Net("distilled_guidance_layer.layers.0.out_layer", 20, 20);
    }

    private static IEnumerable<OwnModule> Flux2()
    {
        yield return Net("img_in", Hidden, 8);
        yield return Net("txt_in", Hidden, Text);
        foreach (string embedder in (string[])["time_in", "guidance_in"])
        {
            yield return Net($"{embedder}.in_layer", Hidden, 12);
            yield return Net($"{embedder}.out_layer", Hidden, Hidden);
        }

        yield return Net("double_stream_modulation_img.lin", 6 * Hidden, Hidden);
        yield return Net("double_stream_modulation_txt.lin", 6 * Hidden, Hidden);
        yield return Net("single_stream_modulation.lin", 3 * Hidden, Hidden);
        for (int block = 0; block < 2; block++)
        {
            foreach (string stream in (string[])["img", "txt"])
            {
                yield return Net($"double_blocks.{block}.{stream}_attn.qkv", 3 * Hidden, Hidden);
                yield return Net($"double_blocks.{block}.{stream}_attn.proj", Hidden, Hidden);
                yield return Net($"double_blocks.{block}.{stream}_mlp.0", 6 * Hidden, Hidden);
                yield return Net($"double_blocks.{block}.{stream}_mlp.2", Hidden, 3 * Hidden);
            }
        }

        for (int block = 0; block < 3; block++)
        {
            yield return Net($"single_blocks.{block}.linear1", 9 * Hidden, Hidden);
            yield return Net($"single_blocks.{block}.linear2", Hidden, 4 * Hidden);
        }

        yield return Net("final_layer.linear", 8, Hidden);
        yield return Net("final_layer.adaLN_modulation.1", 2 * Hidden, Hidden);
    }

    // The block count tells SD 3 from Flux.1 in diffusers' names. Diffusers has the last block's context_block.adaLN_modulation.1 the
    // other way round, so that it is left out here.
    private static IEnumerable<OwnModule> StableDiffusion3()
    {
        yield return Net("x_embedder.proj", Hidden, 4, 2, 2);
        yield return Net("context_embedder", Hidden, Text);
        foreach (string embedder in (string[])["t_embedder", "y_embedder"])
        {
            yield return Net($"{embedder}.mlp.0", Hidden, 12);
            yield return Net($"{embedder}.mlp.2", Hidden, Hidden);
        }

        for (int block = 0; block < 24; block++)
        {
            bool isLast = block == 23;
            foreach (string stream in (string[])["x_block", "context_block"])
            {
                string name = $"joint_blocks.{block}.{stream}";
                yield return Net($"{name}.attn.qkv", 3 * Hidden, Hidden);
                if (!isLast || stream == "x_block")
                {
                    yield return Net($"{name}.adaLN_modulation.1", 6 * Hidden, Hidden);
                    yield return Net($"{name}.attn.proj", Hidden, Hidden);
                    yield return Net($"{name}.mlp.fc1", 4 * Hidden, Hidden);
                    yield return Net($"{name}.mlp.fc2", Hidden, 4 * Hidden);
                }
            }

            if (block < 13)
            {
                yield return Net($"joint_blocks.{block}.x_block.attn2.qkv", 3 * Hidden, Hidden);
                yield return Net($"joint_blocks.{block}.x_block.attn2.proj", Hidden, Hidden);
            }
        }

        yield return Net("final_layer.linear", 8, Hidden);
        yield return Net("final_layer.adaLN_modulation.1", 2 * Hidden, Hidden);
    }

    private static IEnumerable<OwnModule> QwenImage()
    {
        yield return Net("img_in", Hidden, 8);
        yield return Net("txt_in", Hidden, Text);
        yield return Net("time_text_embed.timestep_embedder.linear_1", Hidden, 12);
        yield return Net("time_text_embed.timestep_embedder.linear_2", Hidden, Hidden);
        for (int block = 0; block < 2; block++)
        {
            string name = $"transformer_blocks.{block}";
            foreach (string part in (string[])["to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj", "to_out.0", "to_add_out"])
            {
                yield return Net($"{name}.attn.{part}", Hidden, Hidden);
            }

            foreach (string stream in (string[])["img", "txt"])
            {
                yield return Net($"{name}.{stream}_mod.1", 6 * Hidden, Hidden);
                yield return Net($"{name}.{stream}_mlp.net.0.proj", 4 * Hidden, Hidden);
                yield return Net($"{name}.{stream}_mlp.net.2", Hidden, 4 * Hidden);
            }
        }

        yield return Net("norm_out.linear", 2 * Hidden, Hidden);
        yield return Net("proj_out", 8, Hidden);
    }

    private static IEnumerable<OwnModule> Lumina(int fused, string modulation)
    {
        yield return Net("x_embedder", Hidden, 8);
        yield return Net("cap_embedder.1", Hidden, Text);
        yield return Net("t_embedder.mlp.0", 12, 8);
        yield return Net("t_embedder.mlp.2", 12, 12);
        foreach (string block in (string[])["layers.0", "layers.1", "noise_refiner.0", "context_refiner.0"])
        {
            yield return Net($"{block}.attention.qkv", fused, Hidden);
            yield return Net($"{block}.attention.out", Hidden, Hidden);
            yield return Net($"{block}.feed_forward.w1", 64, Hidden);
            yield return Net($"{block}.feed_forward.w2", Hidden, 64);
            yield return Net($"{block}.feed_forward.w3", 64, Hidden);
            if (!block.StartsWith("context", StringComparison.Ordinal))
            {
                yield return Net($"{block}.{modulation}", 4 * Hidden, 12);
            }
        }

        yield return Net("final_layer.linear", 8, Hidden);
        yield return Net("final_layer.adaLN_modulation.1", Hidden, 12);
    }

    private static IEnumerable<OwnModule> Wan()
    {
        yield return Net("patch_embedding", Hidden, 4, 1, 2, 2);
        foreach (string embedder in (string[])["text_embedding", "time_embedding"])
        {
            yield return Net($"{embedder}.0", Hidden, Text);
            yield return Net($"{embedder}.2", Hidden, Hidden);
        }

        yield return Net("time_projection.1", 6 * Hidden, Hidden);
        yield return Net("img_emb.proj.1", Text, Text);
        yield return Net("img_emb.proj.3", Hidden, Text);
        for (int block = 0; block < 3; block++)
        {
            foreach (string part in (string[])["self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "cross_attn.q", "cross_attn.k"])
            {
                yield return Net($"blocks.{block}.{part}", Hidden, Hidden);
            }

            foreach (string part in (string[])["cross_attn.v", "cross_attn.o", "cross_attn.k_img", "cross_attn.v_img"])
            {
                yield return Net($"blocks.{block}.{part}", Hidden, Hidden);
            }

            yield return Net($"blocks.{block}.ffn.0", 64, Hidden);
            yield return Net($"blocks.{block}.ffn.2", Hidden, 64);
        }

        yield return Net("head.head", 16, Hidden);
    }

    private static IEnumerable<OwnModule> HunyuanVideo(bool isComfy)
    {
        string linear = isComfy ? "lin" : "linear";
        yield return Net("img_in.proj", Hidden, 4, 1, 2, 2);
        yield return Net("txt_in.input_embedder", Hidden, Text);
        yield return Net(
            "txt_in.individual_token_refiner.blocks.0.self_attn.qkv".Replace(
                "attn.",
                isComfy ? "attn." : "attn_",
                StringComparison.Ordinal
            ),
            3 * Hidden,
            Hidden
        );
        foreach (string embedder in (string[])["time_in", "guidance_in"])
        {
            yield return Net(isComfy ? $"{embedder}.in_layer" : $"{embedder}.mlp.0", Hidden, 12);
            yield return Net(isComfy ? $"{embedder}.out_layer" : $"{embedder}.mlp.2", Hidden, Hidden);
        }

        yield return Net("vector_in.in_layer", Hidden, 12);
        yield return Net("vector_in.out_layer", Hidden, Hidden);
        for (int block = 0; block < 2; block++)
        {
            foreach (string stream in (string[])["img", "txt"])
            {
                string name = $"double_blocks.{block}.{stream}";
                yield return Net($"{name}_mod.{linear}", 6 * Hidden, Hidden);
                yield return Net(isComfy ? $"{name}_attn.qkv" : $"{name}_attn_qkv", 3 * Hidden, Hidden);
                yield return Net(isComfy ? $"{name}_attn.proj" : $"{name}_attn_proj", Hidden, Hidden);
                yield return Net(isComfy ? $"{name}_mlp.0" : $"{name}_mlp.fc1", 4 * Hidden, Hidden);
                yield return Net(isComfy ? $"{name}_mlp.2" : $"{name}_mlp.fc2", Hidden, 4 * Hidden);
            }
        }

        for (int block = 0; block < 3; block++)
        {
            yield return Net($"single_blocks.{block}.modulation.{linear}", 3 * Hidden, Hidden);
            yield return Net($"single_blocks.{block}.linear1", 7 * Hidden, Hidden);
            yield return Net($"single_blocks.{block}.linear2", Hidden, 5 * Hidden);
        }

        yield return Net("final_layer.linear", 8, Hidden);
        yield return Net("final_layer.adaLN_modulation.1", 2 * Hidden, Hidden);
    }

    private static IEnumerable<OwnModule> Ltx()
    {
        yield return Net("patchify_proj", Hidden, 8);
        yield return Net("adaln_single.emb.timestep_embedder.linear_1", Hidden, 12);
        yield return Net("adaln_single.emb.timestep_embedder.linear_2", Hidden, Hidden);
        yield return Net("adaln_single.linear", 6 * Hidden, Hidden);
        yield return Net("caption_projection.linear_1", Hidden, Text);
        yield return Net("caption_projection.linear_2", Hidden, Hidden);
        for (int block = 0; block < 2; block++)
        {
            foreach (string attention in (string[])["attn1", "attn2"])
            {
                foreach (string part in (string[])["to_q", "to_k", "to_v", "to_out.0"])
                {
                    yield return Net($"transformer_blocks.{block}.{attention}.{part}", Hidden, Hidden);
                }
            }

            yield return Net($"transformer_blocks.{block}.ff.net.0.proj", 4 * Hidden, Hidden);
            yield return Net($"transformer_blocks.{block}.ff.net.2", Hidden, 4 * Hidden);
        }

        yield return Net("proj_out", 8, Hidden);
    }

    private static IEnumerable<OwnModule> LanguageModel()
    {
        for (int layer = 0; layer < 3; layer++)
        {
            string name = $"model.layers.{layer}";
            yield return Net($"{name}.self_attn.q_proj", Hidden, Hidden);
            yield return Net($"{name}.self_attn.k_proj", 8, Hidden);
            yield return Net($"{name}.self_attn.v_proj", 8, Hidden);
            yield return Net($"{name}.self_attn.o_proj", Hidden, Hidden);
            yield return Net($"{name}.mlp.gate_proj", 64, Hidden);
            yield return Net($"{name}.mlp.up_proj", 64, Hidden);
            yield return Net($"{name}.mlp.down_proj", Hidden, 64);
        }
    }

    private static IEnumerable<OwnModule> Krea2()
    {
        for (int block = 0; block < 3; block++)
        {
            yield return Net($"blocks.{block}.attn.wq", Hidden, Hidden);
            yield return Net($"blocks.{block}.attn.wk", 8, Hidden);
            yield return Net($"blocks.{block}.attn.wv", 8, Hidden);
            yield return Net($"blocks.{block}.attn.wo", Hidden, Hidden);
            yield return Net($"blocks.{block}.attn.gate", Hidden, Hidden);
            yield return Net($"blocks.{block}.mlp.gate", 64, Hidden);
            yield return Net($"blocks.{block}.mlp.up", 64, Hidden);
            yield return Net($"blocks.{block}.mlp.down", Hidden, 64);
        }
    }

    private static IEnumerable<OwnModule> ClipL()
    {
        for (int layer = 0; layer < 2; layer++)
        {
            string name = $"text_model.encoder.layers.{layer}";
            foreach (string part in (string[])["q_proj", "k_proj", "v_proj", "out_proj"])
            {
                yield return new OwnModule(BaseRoles.ClipL, $"{name}.self_attn.{part}", [24, 24]);
            }

            yield return new OwnModule(BaseRoles.ClipL, $"{name}.mlp.fc1", [96, 24]);
            yield return new OwnModule(BaseRoles.ClipL, $"{name}.mlp.fc2", [24, 96]);
        }
    }

    private static IEnumerable<OwnModule> OpenClip(string role, int width)
    {
        for (int layer = 0; layer < 3; layer++)
        {
            string name = $"transformer.resblocks.{layer}";
            yield return new OwnModule(role, $"{name}.attn.in_proj_weight", [3 * width, width]);
            yield return new OwnModule(role, $"{name}.attn.out_proj", [width, width]);
            yield return new OwnModule(role, $"{name}.mlp.c_fc", [4 * width, width]);
            yield return new OwnModule(role, $"{name}.mlp.c_proj", [width, 4 * width]);
        }

        if (role == BaseRoles.ClipG)
        {
            yield return new OwnModule(role, "text_projection", [width, width]);
        }
    }

    private static IEnumerable<OwnModule> T5()
    {
        for (int block = 0; block < 2; block++)
        {
            foreach (string part in (string[])["q", "k", "v", "o"])
            {
                yield return new OwnModule(BaseRoles.T5, $"encoder.block.{block}.layer.0.SelfAttention.{part}", [32, 32]);
            }

            yield return new OwnModule(BaseRoles.T5, $"encoder.block.{block}.layer.1.DenseReluDense.wi_0", [80, 32]);
            yield return new OwnModule(BaseRoles.T5, $"encoder.block.{block}.layer.1.DenseReluDense.wi_1", [80, 32]);
            yield return new OwnModule(BaseRoles.T5, $"encoder.block.{block}.layer.1.DenseReluDense.wo", [32, 80]);
        }
    }

    /// <summary>The U-Net of Stable Diffusion.</summary>
    /// <param name="levels">The width of each level, in that of the first.</param>
    /// <param name="attention">A bit for each level that has attention.</param>
    /// <param name="context">The width of the text.</param>
    /// <param name="depth">The transformer blocks of an attention.</param>
    /// <param name="isConvolution">Whether the projections around them are convolutions.</param>
    public static List<OwnModule> UNet(int[] levels, int attention, int context, int depth, bool isConvolution)
    {
        const int Channels = 10;
        const int Time = 4 * Channels;
        var modules = new List<OwnModule>();
        void Resnet(string name, int input, int output)
        {
            modules.Add(Net($"{name}.in_layers.2", output, input, 3, 3));
            modules.Add(Net($"{name}.emb_layers.1", output, Time));
            modules.Add(Net($"{name}.out_layers.3", output, output, 3, 3));
            if (input != output)
            {
                modules.Add(Net($"{name}.skip_connection", output, input, 1, 1));
            }
        }

        void Attention(string name, int width)
        {
            long[] square = isConvolution ? [width, width, 1, 1] : [width, width];
            modules.Add(Net($"{name}.proj_in", square));
            for (int block = 0; block < depth; block++)
            {
                string inner = $"{name}.transformer_blocks.{block}";
                foreach (
                    string part in (string[])["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_q", "attn2.to_out.0"]
                )
                {
                    modules.Add(Net($"{inner}.{part}", width, width));
                }

                modules.Add(Net($"{inner}.attn2.to_k", width, context));
                modules.Add(Net($"{inner}.attn2.to_v", width, context));
                modules.Add(Net($"{inner}.ff.net.0.proj", 8 * width, width));
                modules.Add(Net($"{inner}.ff.net.2", width, 4 * width));
            }

            modules.Add(Net($"{name}.proj_out", square));
        }

        modules.Add(Net("time_embed.0", Time, Channels));
        modules.Add(Net("time_embed.2", Time, Time));
        if (levels.Length == 3)
        {
            modules.Add(Net("label_emb.0.0", Time, 88));
            modules.Add(Net("label_emb.0.2", Time, Time));
        }

        modules.Add(Net("input_blocks.0.0", Channels, 4, 3, 3));
        var skips = new Stack<int>([Channels]);
        int width = Channels;
        for (int level = 0; level < levels.Length; level++)
        {
            int output = levels[level] * Channels;
            for (int layer = 0; layer < 2; layer++)
            {
                Resnet($"input_blocks.{1 + (3 * level) + layer}.0", width, output);
                width = output;
                skips.Push(width);
                if ((attention >> level & 1) != 0)
                {
                    Attention($"input_blocks.{1 + (3 * level) + layer}.1", width);
                }
            }

            if (level < levels.Length - 1)
            {
                modules.Add(Net($"input_blocks.{3 * (level + 1)}.0.op", width, width, 3, 3));
                skips.Push(width);
            }
        }

        Resnet("middle_block.0", width, width);
        Attention("middle_block.1", width);
        Resnet("middle_block.2", width, width);
        for (int up = 0; up < levels.Length; up++)
        {
            int level = levels.Length - 1 - up;
            int output = levels[level] * Channels;
            bool hasAttention = (attention >> level & 1) != 0;
            for (int layer = 0; layer < 3; layer++)
            {
                Resnet($"output_blocks.{(3 * up) + layer}.0", width + skips.Pop(), output);
                width = output;
                if (hasAttention)
                {
                    Attention($"output_blocks.{(3 * up) + layer}.1", width);
                }
            }

            if (level > 0)
            {
                modules.Add(Net($"output_blocks.{(3 * up) + 2}.{(hasAttention ? 2 : 1)}.conv", width, width, 3, 3));
            }
        }

        modules.Add(Net("out.2", 4, Channels, 3, 3));
        return modules;
    }
}
