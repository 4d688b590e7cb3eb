using System.Collections.Concurrent;
using ResizeLora.Adapters;
using TorchSharp;
using static TorchSharp.torch;

[assembly: AssemblyFixture(typeof(ResizeLora.KeyLists.SharedBaseModels))]

namespace ResizeLora.KeyLists;

/// <summary>The base models of the shared lists, each written once.</summary>
public sealed class SharedBaseModels : IDisposable
{
    private const string Folder = "unet/diffusion_pytorch_model.safetensors";
    private const string Transformer = "transformer/diffusion_pytorch_model.safetensors";
    private const string Encoder1 = "text_encoder/model.safetensors";
    private const string Encoder2 = "text_encoder_2/model.safetensors";

    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentDictionary<string, Lazy<BaseModel>> models = new(StringComparer.Ordinal);

    internal BaseModel Get(string name) => models.GetOrAdd(name, key => new Lazy<BaseModel>(() => Make(key))).Value;

    /// <inheritdoc/>
    public void Dispose() => folder.Dispose();

    private BaseModel Make(string name) =>
        name switch
        {
            "sd15 folder" => Whole(
                name,
                Family.StableDiffusion1,
                ("base_sd15_diffusers_unet", BaseRoles.Denoiser, Folder),
                ("base_sd15_diffusers_te", BaseRoles.ClipL, Encoder1)
            ),
            "sdxl folder" => Whole(
                name,
                Family.Sdxl,
                ("base_sdxl_diffusers_unet", BaseRoles.Denoiser, Folder),
                ("base_sdxl_diffusers_te0", BaseRoles.ClipL, Encoder1),
                ("base_sdxl_diffusers_te1", BaseRoles.ClipG, Encoder2)
            ),
            "flux files" => Several(
                name,
                Family.Flux,
                ("base_flux1_dev_bfl", BaseRoles.Denoiser),
                ("base_sdxl_diffusers_te0", BaseRoles.ClipL),
                ("base_t5xxl_encoder", BaseRoles.T5)
            ),
            "flux folder" => Whole(
                name,
                Family.Flux,
                ("base_flux1_dev_diffusers", BaseRoles.Denoiser, Transformer),
                ("base_sdxl_diffusers_te0", BaseRoles.ClipL, Encoder1),
                ("base_t5xxl_encoder", BaseRoles.T5, Encoder2)
            ),
            "flux2 klein 9b folder" => Whole(name, Family.Flux2, ("base_flux2_klein9b_diffusers", BaseRoles.Denoiser, Transformer)),
            "z-image folder" => Whole(name, Family.ZImage, ("base_zimage_diffusers", BaseRoles.Denoiser, Transformer)),
            "wan folder" => Whole(name, Family.Wan, ("base_wan21_t2v_14b_diffusers", BaseRoles.Denoiser, Transformer)),
            _ => Several(name, FamilyOf(name), (name, BaseRoles.Denoiser)),
        };

    private static Family FamilyOf(string name) =>
        name.Split('_')[1] switch
        {
            "sd15" => Family.StableDiffusion1,
            "sd21" => Family.StableDiffusion2,
            "sdxl" => Family.Sdxl,
            "flux1" => Family.Flux,
            "chroma" => Family.Chroma,
            "flux2" => Family.Flux2,
            "sd35" or "sd3" => Family.StableDiffusion3,
            "qwen" => Family.QwenImage,
            "zimage" => Family.ZImage,
            "lumina2" => Family.Lumina2,
            "wan21" or "wan22" => Family.Wan,
            "hunyuan" => Family.HunyuanVideo,
            "ltxv" => Family.Ltx,
            "anima" => Family.Anima,
            _ => Family.LanguageModel,
        };

    private BaseModel Whole(string name, Family family, params (string List, string Role, string Path)[] files) =>
        new(folder.PathOf(name), family, files.Select(static file => (SharedLists.Get(file.List), file.Role, file.Path)), ".");

    private BaseModel Several(string name, Family family, params (string List, string Role)[] files) =>
        new(
            folder.PathOf(name),
            family,
            files.Select(static file => (SharedLists.Get(file.List), file.Role, $"{file.List}.safetensors")),
            [.. files.Select(static file => $"{file.List}.safetensors")]
        );
}

/// <summary>Every list of an adapter with every list of a base model that it belongs to.</summary>
/// <param name="models">The base models.</param>
public sealed class SharedListTests(SharedBaseModels models)
{
    private const string FluxFiles = "flux files";
    private const string FluxFolder = "flux folder";

    /// <summary>The adapter, the base model, whether the base model has a weight for every layer.</summary>
    public static TheoryData<string, string, bool> Pairs =>
        new()
        {
            { "derived_sd15_kohya_lora", "base_sd15_ldm", true },
            { "derived_sd15_kohya_lora", "sd15 folder", true },
            { "derived_sd15_diffusers_old_unet_te", "base_sd15_ldm", true },
            { "derived_sd15_diffusers_old_unet_te", "sd15 folder", true },
            { "derived_sd15_attn_procs", "base_sd15_ldm", true },
            { "derived_sd15_attn_procs", "sd15 folder", true },
            { "derived_sd15_lycoris_locon_tucker", "base_sd15_ldm", true },
            { "derived_sd15_lycoris_locon_tucker", "sd15 folder", true },
            { "derived_sdxl_kohya_locon", "base_sdxl_ldm", true },
            { "derived_sdxl_kohya_locon", "sdxl folder", true },
            { "derived_sdxl_diffusers_peft", "base_sdxl_ldm", true },
            { "derived_sdxl_diffusers_peft", "sdxl folder", true },
            { "invoke_flux_kohya", FluxFiles, true },
            { "invoke_flux_kohya", FluxFolder, true },
            { "invoke_flux_kohya_te1", FluxFiles, true },
            { "invoke_flux_kohya_te1", FluxFolder, true },
            { "invoke_flux_aitoolkit_bfl", FluxFiles, true },
            { "invoke_flux_aitoolkit_bfl", FluxFolder, true },
            { "invoke_flux_aitoolkit_bfl", "base_chroma_bfl", true },
            { "invoke_flux_kohya", "base_chroma_bfl", false },
            { "invoke_flux_diffusers", FluxFiles, true },
            { "invoke_flux_diffusers", FluxFolder, true },
            { "invoke_flux_diffusers_no_proj_mlp", FluxFiles, true },
            { "invoke_flux_diffusers_no_proj_mlp", FluxFolder, true },
            { "invoke_flux_peft_base_model", FluxFiles, true },
            { "invoke_flux_peft_base_model", FluxFolder, true },
            { "invoke_flux_xlabs", FluxFiles, true },
            { "invoke_flux_xlabs", FluxFolder, true },
            // Its img_in is wider than the base model's.
            { "invoke_flux_bfl_control", FluxFiles, false },
            { "invoke_flux_bfl_control", FluxFolder, false },
            { "derived_flux2_klein9b_aitoolkit", "base_flux2_klein9b_bfl", true },
            { "derived_flux2_klein9b_aitoolkit", "flux2 klein 9b folder", true },
            { "derived_flux2_klein9b_aitoolkit", "base_flux2_bfl", false },
            { "derived_sd35_diffusers", "base_sd35_large_mmdit", true },
            { "derived_sd35_kohya", "base_sd35_large_mmdit", true },
            { "derived_qwen_aitoolkit", "base_qwen_image", true },
            { "derived_qwen_diffsynth_default", "base_qwen_image", true },
            { "invoke_qwen_diffusers_downup", "base_qwen_image", true },
            { "derived_zimage_aitoolkit", "base_zimage_comfy_full", true },
            { "derived_zimage_aitoolkit", "z-image folder", true },
            { "derived_zimage_aitoolkit", "base_zimage_comfy", false },
            { "derived_zimage_kohya_double_underscore", "base_zimage_comfy_full", true },
            { "derived_zimage_kohya_double_underscore", "z-image folder", true },
            { "derived_wan_diffusers_peft", "base_wan21_t2v_14b", true },
            { "derived_wan_diffusers_peft", "wan folder", true },
            { "derived_wan_diffusers_peft", "base_wan22_i2v_a14b", true },
            { "derived_wan_diffusers_peft", "base_wan21_i2v_14b", true },
            { "derived_wan_musubi_kohya", "base_wan21_t2v_14b", true },
            { "derived_wan_musubi_kohya", "wan folder", true },
            { "derived_wan_lightx2v_i2v_diff", "base_wan21_i2v_14b", true },
            { "derived_wan_lightx2v_i2v_diff", "base_wan22_i2v_a14b", false },
            { "derived_hunyuanvideo_musubi", "base_hunyuan_video_original_blocks", true },
            { "derived_llama32_peft_rslora", "base_llama32_1b", true },
            // Written by hand: the keys and values of its cross attention are wider than the captured base model's.
            { "invoke_anima_kohya", "base_anima_net", false },
            { "invoke_anima_kohya_te", "base_anima_net", false },
            { "invoke_anima_peft", "base_anima_net", false },
        };

    /// <summary>Adapters of other kinds, or without a list of their base model.</summary>
    public static TheoryData<string> Others =>
        [
            "derived_sd15_lycoris_boft",
            "derived_sd15_lycoris_diag_oft",
            "derived_sd15_lycoris_full_norm",
            "derived_sd15_lycoris_glora",
            "derived_sd15_lycoris_ia3",
            "derived_sd15_lycoris_loha",
            "derived_sd15_lycoris_loha_tucker",
            "derived_sd15_lycoris_lokr_both_tucker",
            "derived_sd15_lycoris_lokr_dora",
            "derived_sd15_lycoris_lokr_full",
            "derived_sd15_lycoris_lokr_w1_w2ab",
            "derived_sdxl_diffusers_peft_dora",
            "derived_sdxl_onetrainer_legacy_dora",
            "derived_flux2_klein9b_lokr",
            "derived_flux_simpletuner_lokr",
            "derived_llama32_peft_embedding",
            "invoke_anima_lokr_dora",
            "invoke_flux_dora_onetrainer",
            "invoke_flux_lokr_bfl",
            "invoke_krea2_kohya",
            "invoke_qwen_kohya_lokr",
        ];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void An_adapter_is_resized_as_a_plain_computation_says(string adapter, string baseModel, bool isWhole)
    {
        AdapterCheck check = AdapterCheck.Run(SharedLists.Get(adapter), models.Get(baseModel), isWhole);
        Assert.True(check.BasedCount > 0);
    }

    [Theory]
    [MemberData(nameof(Others))]
    public void An_adapter_of_another_kind_opens_and_nothing_of_it_is_lost(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        KeyList list = SharedLists.Get(name);
        using Adapter adapter = Adapter.Open(list.Write(folder.PathOf("adapter.safetensors")));
        string[] known =
        [
            .. adapter.Layers.SelectMany(static layer => layer.Tensors).Concat(adapter.OtherTensors).Select(static tensor => tensor.Name),
        ];
        Assert.Equal(list.Tensors.Select(static tensor => tensor.Name).Order(StringComparer.Ordinal), known.Order(StringComparer.Ordinal));
        Dictionary<string, AdapterLayer> found = adapter.Layers.ToDictionary(static layer => layer.Name, StringComparer.Ordinal);
        IReadOnlyList<PlainLayer> expected = PlainLora.LayersOf(list);
        Assert.Equal(expected.Select(static layer => layer.Name).Order(), found.Keys.Order());
        foreach (PlainLayer layer in expected)
        {
            using DisposeScope ofLayer = NewDisposeScope();
            Tensor change = layer.Product();
            Tensor meant = WrittenLayer.Delta(adapter.File, found[layer.Name]);

            // An embedding's ΔW is that of its transpose.
            double error = WrittenLayer.Norm((layer.Kind == PlainKind.Embedding ? meant.t() : meant) - change);
            Assert.True(error <= 1e-6 * WrittenLayer.Norm(change), $"{layer.Name}: ΔW is off by {error:g3}.");
        }
    }

    [Fact]
    public void Every_list_of_an_adapter_is_in_a_test()
    {
        Assert.SkipWhen(SharedLists.Folder is null, "There is no shared/reach/keylists beside the repository.");
        HashSet<string> tested = [.. Pairs.Select(static row => row.Data.Item1), .. Others.Select(static row => row.Data)];
        IEnumerable<string> found = Directory
            .GetFiles(SharedLists.Folder, "*.json")
            .Select(static path => Path.GetFileNameWithoutExtension(path));
        Assert.DoesNotContain(found, name => !name.StartsWith("base_", StringComparison.Ordinal) && !tested.Contains(name));
    }
}
