namespace ResizeLora.Checkpoints;

/// <summary>
/// Translates tensor names of an SDXL checkpoint in Stability's layout to the names that kohya's trainer gives the LoRA
/// layers over them.
/// </summary>
public static class SdxlLayerMap
{
    private const string WeightSuffix = ".weight";
    private const string UNetPrefix = "model.diffusion_model.";
    private const string TextEncoder1Prefix = "conditioner.embedders.0.transformer.text_model.encoder.layers.";
    private const string TextEncoder2Prefix = "conditioner.embedders.1.model.transformer.resblocks.";
    private const string StackedProjections = ".attn.in_proj_weight";

    // The order in which OpenCLIP stacks the projections along the first axis.
    private static readonly string[] StackedNames = ["q", "k", "v"];

    /// <summary>The LoRA layers over one tensor: none, one, or three where it stacks q, k and v along its first axis.</summary>
    /// <param name="tensorName">The tensor's name in the checkpoint.</param>
    public static IReadOnlyList<string> LayersOf(string tensorName)
    {
        ArgumentNullException.ThrowIfNull(tensorName);
        if (tensorName.StartsWith(TextEncoder2Prefix, StringComparison.Ordinal))
        {
            return TextEncoder2LayersOf(tensorName[TextEncoder2Prefix.Length..]);
        }

        if (!tensorName.EndsWith(WeightSuffix, StringComparison.Ordinal))
        {
            return [];
        }

        string name = tensorName[..^WeightSuffix.Length];
        return name.StartsWith(UNetPrefix, StringComparison.Ordinal) ? [$"lora_unet_{Underscored(name[UNetPrefix.Length..])}"]
            : name.StartsWith(TextEncoder1Prefix, StringComparison.Ordinal)
                ? [$"lora_te1_text_model_encoder_layers_{Underscored(name[TextEncoder1Prefix.Length..])}"]
            : [];
    }

    private static string[] TextEncoder2LayersOf(string name)
    {
        const string Prefix = "lora_te2_text_model_encoder_layers_";
        if (name.EndsWith(StackedProjections, StringComparison.Ordinal))
        {
            string block = name[..^StackedProjections.Length];
            return StackedNames.Select(projection => $"{Prefix}{block}_self_attn_{projection}_proj").ToArray();
        }

        return name.Split('.') switch
        {
            [string block, "attn", "out_proj", "weight"] => [$"{Prefix}{block}_self_attn_out_proj"],
            [string block, "mlp", "c_fc", "weight"] => [$"{Prefix}{block}_mlp_fc1"],
            [string block, "mlp", "c_proj", "weight"] => [$"{Prefix}{block}_mlp_fc2"],
            _ => [],
        };
    }

    private static string Underscored(string name) => name.Replace('.', '_');
}
