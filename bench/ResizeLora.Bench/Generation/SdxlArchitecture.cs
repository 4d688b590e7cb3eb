using static ResizeLora.Bench.Generation.ShapeList;

namespace ResizeLora.Bench.Generation;

/// <summary>
/// The tensors of an SDXL checkpoint in Stability's layout, by name and shape, after Stability's sd_xl_base.yaml; every
/// width can be divided, which keeps names, counts and proportions.
/// </summary>
internal sealed class SdxlArchitecture
{
    private const string TextEncoder1 = "conditioner.embedders.0.transformer.text_model.";
    private const string TextEncoder2 = "conditioner.embedders.1.model.";

    // Of the autoencoder only the size matters here: no LoRA touches it.
    private const int AutoencoderRows = 81693;
    private const int AutoencoderColumns = 1024;

    private readonly ShapeList list = new();

    /// <summary>Lists the tensors.</summary>
    /// <param name="divisor">What every width is divided by: 1 for the real shapes.</param>
    public SdxlArchitecture(int divisor)
    {
        new UNetShapes(
            Width: 320 / divisor,
            Levels: [(1, 0), (2, 2), (4, 10)],
            MiddleDepth: 10,
            ContextWidth: 2048 / divisor,
            LabelWidth: 2816 / divisor,
            HasLinearProjections: true
        ).AddTo(list);
        ClipShapes.Add(list, TextEncoder1, width: 768 / divisor, layers: 12);
        AddTextEncoder2(width: 1280 / divisor, layers: 32);
        list.Add("first_stage_model.all_parameters", AutoencoderRows / divisor, AutoencoderColumns / divisor);
    }

    /// <summary>Every tensor's name and shape.</summary>
    public IReadOnlyList<(string Name, long[] Shape)> Tensors => list.Tensors;

    /// <summary>Every layer that LyCORIS can put an adapter on, convolutions too.</summary>
    public IEnumerable<TargetLayer> Layers() =>
        Tensors
            .Where(static tensor =>
                tensor.Shape.Length > 1
                && (IsOfUNet(tensor.Name) || tensor.Shape.Length == 2)
                && tensor.Name.EndsWith("weight", StringComparison.Ordinal)
            )
            .SelectMany(static tensor => LayersOver(tensor.Name, tensor.Shape));

    /// <summary>The linear layers that kohya's trainer puts a LoRA on: those of the transformers, 722 + 72 + 192.</summary>
    public IEnumerable<TargetLayer> LoraLayers() =>
        Tensors
            .Where(static tensor => tensor.Shape.Length == 2 && (!IsOfUNet(tensor.Name) || KohyaNames.IsUsualTarget(tensor.Name)))
            .SelectMany(static tensor => LayersOver(tensor.Name, tensor.Shape));

    private static bool IsOfUNet(string tensor) => tensor.StartsWith(UNetShapes.Prefix, StringComparison.Ordinal);

    private static IEnumerable<TargetLayer> LayersOver(string tensor, long[] shape)
    {
        string[] names = NamesOver(tensor);
        return names.Select(name => new TargetLayer(name, [shape[0] / names.Length, .. shape.Skip(1)]));
    }

    // kohya's names of the layers over a weight; the stacked q, k and v of the second text encoder are three.
    private static string[] NamesOver(string tensor)
    {
        const string Blocks = $"{TextEncoder2}transformer.resblocks.";
        if (KohyaNames.OfUNet(tensor) is { } layer)
        {
            return [layer];
        }

        string module = KohyaNames.ModuleOf(tensor);
        if (module.StartsWith($"{TextEncoder1}encoder.", StringComparison.Ordinal))
        {
            return [$"lora_te1_text_model_{KohyaNames.Underscored(module[TextEncoder1.Length..])}"];
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
        return Array.ConvertAll(names, static name => $"lora_te2_text_model_encoder_layers_{KohyaNames.Underscored(name)}");
    }

    private void AddTextEncoder2(int width, int layers)
    {
        list.Add($"{TextEncoder2}token_embedding.weight", ClipShapes.VocabularySize, width);
        list.Add($"{TextEncoder2}positional_embedding", ClipShapes.TokenCount, width);
        list.Add($"{TextEncoder2}text_projection", width, width);
        list.Add($"{TextEncoder2}logit_scale");
        for (int index = 0; index < layers; index++)
        {
            string layer = $"{TextEncoder2}transformer.resblocks.{Number(index)}";
            list.Add($"{layer}.attn.in_proj_weight", 3 * width, width);
            list.Add($"{layer}.attn.in_proj_bias", 3 * width);
            list.AddWithBias($"{layer}.attn.out_proj", width, width);
            list.AddWithBias($"{layer}.mlp.c_fc", 4 * width, width);
            list.AddWithBias($"{layer}.mlp.c_proj", width, 4 * width);
            list.AddNorm($"{layer}.ln_1", width);
            list.AddNorm($"{layer}.ln_2", width);
        }

        list.AddNorm($"{TextEncoder2}ln_final", width);
    }
}
