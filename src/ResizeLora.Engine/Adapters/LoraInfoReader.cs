using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Reads what a file says of itself, whatever family of adapter it is.</summary>
public static class LoraInfoReader
{
    // A read of a few bytes costs a seek on a hard disk and a round trip on a share.
    private const int MostAlphas = 64;

    private static readonly string[] DiffusersBlocks = ["lora_unet_down_blocks_", "lora_unet_mid_block_", "lora_unet_up_blocks_"];

    // Signs of files that lie among LoRA files and are none.
    private static readonly (Func<string, bool> Sign, string What)[] OtherKinds =
    [
        (
            static name => name is "emb_params" or "clip_l" or "clip_g" || name.StartsWith("string_to_param", StringComparison.Ordinal),
            "is an embedding (textual inversion), not a LoRA"
        ),
        (
            static name =>
                name.StartsWith("control_model.", StringComparison.Ordinal) || name.StartsWith("controlnet_", StringComparison.Ordinal),
            "is a ControlNet, not a LoRA"
        ),
        (
            static name =>
                name.StartsWith("first_stage_model.", StringComparison.Ordinal) || name.StartsWith("decoder.up", StringComparison.Ordinal),
            "is a VAE, not a LoRA"
        ),
        (
            static name =>
                name.StartsWith("text_model.", StringComparison.Ordinal) || name.StartsWith("encoder.block.", StringComparison.Ordinal),
            "is a text encoder, not a LoRA"
        ),
    ];

    /// <summary>Reads a file, or says why it is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="skipped">Why the answer is null.</param>
    /// <returns>What the file says, or null when it is no adapter.</returns>
    /// <exception cref="UnsupportedFileException">It is a pickle, which cannot be read safely.</exception>
    /// <exception cref="SafetensorsException">It is damaged.</exception>
    public static LoraInfo? TryRead(string path, out SkipReason? skipped)
    {
        using SafetensorsFile? file = LoraFileOpener.TryOpenFile(path, out skipped);
        if (file is null)
        {
            return null;
        }

        LayerInventory inventory = LayerInventory.Of(file.Header.Tensors);
        if (inventory.Layers.Count == 0 || Adapter.KindOf(file.Header) == AdapterFileKind.Checkpoint)
        {
            skipped = new SkipReason(WhatElse(file.Header));
            return null;
        }

        return new LoraInfo(file, inventory, ReadAlphas(file, inventory), DialectOf(file.Header.Metadata, inventory.Layers));
    }

    private static string WhatElse(SafetensorsHeader header)
    {
        if (Adapter.KindOf(header) == AdapterFileKind.Checkpoint)
        {
            return "is a whole model, not a LoRA";
        }

        foreach ((Func<string, bool> sign, string what) in OtherKinds)
        {
            if (header.Tensors.Any(tensor => sign(tensor.Name)))
            {
                return what;
            }
        }

        return "holds no LoRA layers";
    }

    private static double[] ReadAlphas(SafetensorsFile file, LayerInventory inventory)
    {
        InventoriedLayer[] chosen = inventory.Layers.Where(static layer => layer.Rank is not null || layer.Alpha is not null).ToArray();
        if (chosen.Length > MostAlphas)
        {
            chosen = chosen
                .DistinctBy(static layer => (layer.Component, layer.Kind, layer.Rank, layer.InFeatures, layer.Alpha is null))
                .ToArray();
        }

        IEnumerable<InventoriedLayer> spread =
            chosen.Length <= MostAlphas
                ? chosen
                : Enumerable.Range(0, MostAlphas).Select(index => chosen[(int)((long)index * chosen.Length / MostAlphas)]);
        var scales = new LayerScales(file, PeftFolder.ReadSettings(file.Path));
        return spread
            .Select(layer =>
                layer.Alpha is { } alpha ? ScalarReader.TryRead(file, alpha)
                : layer.Rank is { } rank ? scales.AlphaOf(layer.Name, layer.Spelling, null, rank).Value
                : null
            )
            .OfType<double>()
            .Distinct()
            .Order()
            .ToArray();
    }

    private static AdapterDialect DialectOf(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<InventoriedLayer> layers)
    {
        AdapterDialect most = layers.GroupBy(static layer => layer.Spelling.Dialect).MaxBy(static group => group.Count())!.Key;
        bool ofOneTrainer =
            metadata.Keys.Any(static key => key.StartsWith("ot_", StringComparison.Ordinal))
            || (
                layers.Any(static layer => layer.Component == Component.TextEncoder2 || layer.InFeatures == 2048)
                && layers.Any(static layer => HasDiffusersBlocks(layer.Name))
            );
        return most == AdapterDialect.Kohya && ofOneTrainer ? AdapterDialect.OneTrainer : most;
    }

    // kohya writes SD 1 and 2 so, OneTrainer SDXL too.
    private static bool HasDiffusersBlocks(string layer) =>
        Array.Exists(DiffusersBlocks, block => layer.StartsWith(block, StringComparison.Ordinal));
}
