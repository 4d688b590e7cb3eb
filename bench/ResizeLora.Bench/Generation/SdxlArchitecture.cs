using System.Globalization;

namespace ResizeLora.Bench.Generation;

/// <summary>
/// The tensors of an SDXL checkpoint in Stability's layout, by name and shape, after Stability's sd_xl_base.yaml; every
/// width can be divided, which keeps names, counts and proportions.
/// </summary>
internal sealed class SdxlArchitecture
{
    private const string UNet = "model.diffusion_model.";
    private const string TextEncoder1 = "conditioner.embedders.0.transformer.text_model.";
    private const string TextEncoder2 = "conditioner.embedders.1.model.";
    private const int TokenCount = 77;
    private const int VocabularySize = 49408;

    // Of the autoencoder only the size matters here: no LoRA touches it.
    private const int AutoencoderRows = 81693;
    private const int AutoencoderColumns = 1024;

    private readonly List<(string Name, long[] Shape)> tensors = [];
    private readonly int divisor;

    /// <summary>Lists the tensors.</summary>
    /// <param name="divisor">What every width is divided by: 1 for the real shapes.</param>
    public SdxlArchitecture(int divisor)
    {
        this.divisor = divisor;
        AddUNet();
        AddTextEncoder1(width: 768 / divisor, layers: 12);
        AddTextEncoder2(width: 1280 / divisor, layers: 32);
        Add("first_stage_model.all_parameters", AutoencoderRows / divisor, AutoencoderColumns / divisor);
    }

    /// <summary>Every tensor's name and shape.</summary>
    public IReadOnlyList<(string Name, long[] Shape)> Tensors => tensors;

    /// <summary>Every layer that LyCORIS can put an adapter on, convolutions too, with the shape of its weight.</summary>
    public IEnumerable<(string Layer, long[] Shape)> Layers()
    {
        foreach ((string name, long[] shape) in tensors)
        {
            bool isTarget = shape.Length > 1 && (name.StartsWith(UNet, StringComparison.Ordinal) || shape.Length == 2);
            string[] layers = isTarget && name.EndsWith("weight", StringComparison.Ordinal) ? LayersOf(name) : [];
            foreach (string layer in layers)
            {
                yield return (layer, [shape[0] / layers.Length, .. shape.Skip(1)]);
            }
        }
    }

    /// <summary>The linear layers that kohya's trainer puts a LoRA on: those of the transformers, 722 + 72 + 192.</summary>
    public IEnumerable<(string Layer, int OutFeatures, int InFeatures)> LoraLayers()
    {
        foreach ((string name, long[] shape) in tensors)
        {
            bool isTarget =
                shape.Length == 2
                && (
                    !name.StartsWith(UNet, StringComparison.Ordinal)
                    || name.Contains(".transformer_blocks.", StringComparison.Ordinal)
                    || name.Contains(".proj_", StringComparison.Ordinal)
                );
            string[] layers = isTarget ? LayersOf(name) : [];
            foreach (string layer in layers)
            {
                yield return (layer, (int)shape[0] / layers.Length, (int)shape[1]);
            }
        }
    }

    // kohya's names of the layers over a weight; the stacked q, k and v of the second text encoder are three.
    private static string[] LayersOf(string tensor)
    {
        const string Blocks = $"{TextEncoder2}transformer.resblocks.";
        string module = tensor.Replace(".weight", string.Empty, StringComparison.Ordinal);
        if (module.StartsWith(UNet, StringComparison.Ordinal))
        {
            return [$"lora_unet_{Underscored(module[UNet.Length..])}"];
        }

        if (module.StartsWith($"{TextEncoder1}encoder.", StringComparison.Ordinal))
        {
            return [$"lora_te1_text_model_{Underscored(module[TextEncoder1.Length..])}"];
        }

        if (!module.StartsWith(Blocks, StringComparison.Ordinal))
        {
            return [];
        }

        string block = module[Blocks.Length..]
            .Replace("mlp.c_fc", "mlp.fc1", StringComparison.Ordinal)
            .Replace("mlp.c_proj", "mlp.fc2", StringComparison.Ordinal)
            .Replace(".attn.", ".self_attn.", StringComparison.Ordinal);
        string[] names = block.EndsWith("in_proj_weight", StringComparison.Ordinal)
            ? Array.ConvertAll(["q", "k", "v"], part => block.Replace("in_proj_weight", $"{part}_proj", StringComparison.Ordinal))
            : [block];
        return Array.ConvertAll(names, static name => $"lora_te2_text_model_encoder_layers_{Underscored(name)}");
    }

    private static string Underscored(string name) => name.Replace('.', '_');

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private void AddUNet()
    {
        int width = 320 / divisor;
        int time = 4 * width;
        AddWithBias($"{UNet}time_embed.0", time, width);
        AddWithBias($"{UNet}time_embed.2", time, time);
        AddWithBias($"{UNet}label_emb.0.0", time, 2816 / divisor);
        AddWithBias($"{UNet}label_emb.0.2", time, time);
        AddWithBias($"{UNet}input_blocks.0.0", width, 4, 3, 3);

        // The way down: two residual blocks a level, each with its transformer, and a downsampler between levels.
        (int Factor, int Depth)[] levels = [(1, 0), (2, 2), (4, 10)];
        var skips = new Stack<int>([width]);
        int channels = width;
        int block = 1;
        for (int level = 0; level < levels.Length; level++)
        {
            for (int repeat = 0; repeat < 2; repeat++, block++)
            {
                AddBlock($"{UNet}input_blocks.{Number(block)}", channels, levels[level].Factor * width, levels[level].Depth, time);
                skips.Push(channels = levels[level].Factor * width);
            }

            if (level < levels.Length - 1)
            {
                AddWithBias($"{UNet}input_blocks.{Number(block)}.0.op", channels, channels, 3, 3);
                skips.Push(channels);
                block++;
            }
        }

        AddResidual($"{UNet}middle_block.0", channels, channels, time);
        AddTransformer($"{UNet}middle_block.1", channels, levels[^1].Depth);
        AddResidual($"{UNet}middle_block.2", channels, channels, time);

        // The way up takes the way down's outputs in, last first, so that one more block a level is needed.
        block = 0;
        for (int level = levels.Length - 1; level >= 0; level--)
        {
            for (int repeat = 0; repeat < 3; repeat++, block++)
            {
                string name = $"{UNet}output_blocks.{Number(block)}";
                AddBlock(name, channels + skips.Pop(), levels[level].Factor * width, levels[level].Depth, time);
                channels = levels[level].Factor * width;
                if (repeat == 2 && level > 0)
                {
                    AddWithBias($"{name}.2.conv", channels, channels, 3, 3);
                }
            }
        }

        AddNorm($"{UNet}out.0", width);
        AddWithBias($"{UNet}out.2", 4, width, 3, 3);
    }

    private void AddBlock(string name, int inChannels, int outChannels, int depth, int time)
    {
        AddResidual($"{name}.0", inChannels, outChannels, time);
        if (depth > 0)
        {
            AddTransformer($"{name}.1", outChannels, depth);
        }
    }

    private void AddResidual(string name, int inChannels, int outChannels, int time)
    {
        AddNorm($"{name}.in_layers.0", inChannels);
        AddWithBias($"{name}.in_layers.2", outChannels, inChannels, 3, 3);
        AddWithBias($"{name}.emb_layers.1", outChannels, time);
        AddNorm($"{name}.out_layers.0", outChannels);
        AddWithBias($"{name}.out_layers.3", outChannels, outChannels, 3, 3);
        if (inChannels != outChannels)
        {
            AddWithBias($"{name}.skip_connection", outChannels, inChannels, 1, 1);
        }
    }

    private void AddTransformer(string name, int width, int depth)
    {
        AddNorm($"{name}.norm", width);
        AddWithBias($"{name}.proj_in", width, width);
        for (int index = 0; index < depth; index++)
        {
            string block = $"{name}.transformer_blocks.{Number(index)}";
            AddAttention($"{block}.attn1", width, width);
            AddAttention($"{block}.attn2", width, 2048 / divisor);
            AddWithBias($"{block}.ff.net.0.proj", 8 * width, width);
            AddWithBias($"{block}.ff.net.2", width, 4 * width);
            AddNorm($"{block}.norm1", width);
            AddNorm($"{block}.norm2", width);
            AddNorm($"{block}.norm3", width);
        }

        AddWithBias($"{name}.proj_out", width, width);
    }

    private void AddAttention(string name, int width, int contextWidth)
    {
        Add($"{name}.to_q.weight", width, width);
        Add($"{name}.to_k.weight", width, contextWidth);
        Add($"{name}.to_v.weight", width, contextWidth);
        AddWithBias($"{name}.to_out.0", width, width);
    }

    private void AddTextEncoder1(int width, int layers)
    {
        Add($"{TextEncoder1}embeddings.token_embedding.weight", VocabularySize, width);
        Add($"{TextEncoder1}embeddings.position_embedding.weight", TokenCount, width);
        for (int index = 0; index < layers; index++)
        {
            string layer = $"{TextEncoder1}encoder.layers.{Number(index)}";
            foreach (string projection in (string[])["q_proj", "k_proj", "v_proj", "out_proj"])
            {
                AddWithBias($"{layer}.self_attn.{projection}", width, width);
            }

            AddWithBias($"{layer}.mlp.fc1", 4 * width, width);
            AddWithBias($"{layer}.mlp.fc2", width, 4 * width);
            AddNorm($"{layer}.layer_norm1", width);
            AddNorm($"{layer}.layer_norm2", width);
        }

        AddNorm($"{TextEncoder1}final_layer_norm", width);
    }

    private void AddTextEncoder2(int width, int layers)
    {
        Add($"{TextEncoder2}token_embedding.weight", VocabularySize, width);
        Add($"{TextEncoder2}positional_embedding", TokenCount, width);
        Add($"{TextEncoder2}text_projection", width, width);
        Add($"{TextEncoder2}logit_scale");
        for (int index = 0; index < layers; index++)
        {
            string layer = $"{TextEncoder2}transformer.resblocks.{Number(index)}";
            Add($"{layer}.attn.in_proj_weight", 3 * width, width);
            Add($"{layer}.attn.in_proj_bias", 3 * width);
            AddWithBias($"{layer}.attn.out_proj", width, width);
            AddWithBias($"{layer}.mlp.c_fc", 4 * width, width);
            AddWithBias($"{layer}.mlp.c_proj", width, 4 * width);
            AddNorm($"{layer}.ln_1", width);
            AddNorm($"{layer}.ln_2", width);
        }

        AddNorm($"{TextEncoder2}ln_final", width);
    }

    private void AddNorm(string name, int width) => AddWithBias(name, width);

    private void AddWithBias(string name, params long[] shape)
    {
        Add($"{name}.weight", shape);
        Add($"{name}.bias", shape[0]);
    }

    private void Add(string name, params long[] shape) => tensors.Add((name, shape));
}
