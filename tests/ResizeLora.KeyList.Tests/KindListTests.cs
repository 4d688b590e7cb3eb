using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.KeyLists;

/// <summary>The lists of every kind, end to end: what the output means is the truncation of what the input means.</summary>
/// <param name="shared">The base models of the shared lists.</param>
/// <param name="own">The project's own base models.</param>
public sealed class KindListTests(SharedBaseModels shared, OwnBaseModels own)
{
    private const string Everything = "rank=100000";

    // Biases, norms, embeddings and kinds that have no low-rank form stand in these lists beside the layers.
    private static readonly string[] Lists =
    [
        "derived_sd15_lycoris_locon_tucker",
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
        "derived_wan_lightx2v_i2v_diff",
        "invoke_anima_lokr_dora",
        "invoke_flux_bfl_control",
        "invoke_flux_dora_onetrainer",
        "invoke_flux_lokr_bfl",
        "invoke_krea2_kohya",
        "invoke_qwen_kohya_lokr",
    ];

    private static readonly string[] Recipes = [Everything, "rank=3", "sv_fro=0.9"];

    /// <summary>The list, the recipe, and the kind of the output.</summary>
    public static TheoryData<string, string, OutputKind> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, OutputKind>();
            foreach (string list in Lists)
            {
                foreach (string recipe in Recipes)
                {
                    cases.Add(list, recipe, OutputKind.Smallest);
                    cases.Add(list, recipe, OutputKind.LoRA);
                }
            }

            return cases;
        }
    }

    /// <summary>The kind of the layers, the recipe, and the kind of the output.</summary>
    public static TheoryData<string, string, OutputKind> OwnCases
    {
        get
        {
            var cases = new TheoryData<string, string, OutputKind>();
            foreach (string kind in KindTensors.Own)
            {
                foreach (string recipe in Recipes)
                {
                    cases.Add(kind, recipe, OutputKind.Smallest);
                    cases.Add(kind, recipe, OutputKind.LoRA);
                }

                if (KindTensors.IsLoKr(kind))
                {
                    cases.Add(kind, "rank=2", OutputKind.Same);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_output_of_a_shared_list_means_the_truncated_change(string list, string recipe, OutputKind kind) =>
        Assert.True(KindCheck.Run(SharedLists.Get(list), recipe, kind) > 0);

    [Theory]
    [InlineData(Everything, OutputKind.Smallest)]
    [InlineData(Everything, OutputKind.LoRA)]
    [InlineData("rank=3", OutputKind.Smallest)]
    [InlineData("rank=3", OutputKind.LoRA)]
    public void GLoRA_means_the_truncated_change_of_its_base_model(string recipe, OutputKind kind) =>
        Assert.True(KindCheck.Run(SharedLists.Get("derived_sd15_lycoris_glora"), recipe, kind, shared.Get("base_sd15_ldm")) > 0);

    [Theory]
    [InlineData(Everything)]
    [InlineData("rank=3")]
    public void Whole_differences_become_the_best_layers_of_their_rank(string recipe) =>
        Assert.True(KindCheck.Run(SharedLists.Get("derived_sd15_lycoris_full_norm"), recipe, OutputKind.LoRA, withDifference: true) > 0);

    [Theory]
    [MemberData(nameof(OwnCases))]
    public void The_output_of_an_own_model_means_the_truncated_change(string kind, string recipe, OutputKind output)
    {
        KeyList list = AdapterSpelling.Get("kohya").Of(OwnModels.Get("SDXL"), kind: kind);
        Assert.True(KindCheck.Run(list, recipe, output) > 0);
    }

    [Theory]
    [InlineData(KindTensors.GLoRA, "rank=3")]
    [InlineData(KindTensors.GLoRA, Everything)]
    [InlineData(KindTensors.GLoRAOld, "rank=3")]
    public void GLoRA_of_an_own_model_means_the_truncated_change(string kind, string recipe)
    {
        KeyList list = AdapterSpelling.Get("kohya").Of(OwnModels.Get("Flux.1"), kind: kind);
        Assert.True(KindCheck.Run(list, recipe, OutputKind.LoRA, own.Get("Flux.1", isFolder: false)) > 0);
    }

    [Theory]
    [InlineData(Everything, "\"lora_alpha\": 8, \"r\": 4")]
    [InlineData("rank=2", "\"lora_alpha\": 8, \"r\": 4")]
    [InlineData("rank=2", "\"lora_alpha\": 8, \"r\": 4, \"use_rslora\": true")]
    [InlineData("rank=2", "\"lora_alpha\": 8, \"r\": 4, \"alpha_pattern\": {\"embed_tokens\": 2, \"self_attn.q_proj\": 1}")]
    public void A_folder_of_PEFT_with_an_embedding_means_the_truncated_change(string recipe, string settings)
    {
        static ListedTensor Tensor(string name, params long[] shape) => new($"base_model.model.{name}", TensorType.Float32, shape);
        KeyList list = new(
            "PEFT with an embedding",
            [
                .. ((string[])["self_attn.q_proj", "mlp.up_proj"]).SelectMany(module =>
                    (ListedTensor[])
                        [Tensor($"model.layers.0.{module}.lora_A.weight", 4, 12), Tensor($"model.layers.0.{module}.lora_B.weight", 20, 4)]
                ),
                Tensor("model.embed_tokens.lora_embedding_A", 4, 50),
                Tensor("model.embed_tokens.lora_embedding_B", 12, 4),
                Tensor("lm_head.weight", 50, 12),
            ]
        )
        {
            Settings = $$"""{"peft_type": "LORA", {{settings}}}""",
        };
        Assert.Equal(3, KindCheck.Run(list, recipe, OutputKind.Smallest));
    }

    /// <summary>The kind, the model, and the spelling.</summary>
    public static TheoryData<string, string, string> Based
    {
        get
        {
            var cases = new TheoryData<string, string, string>();
            foreach (string kind in KindTensors.Own.Where(static kind => !KindTensors.IsDoRA(kind)))
            {
                cases.Add(kind, "SDXL", "kohya");
                cases.Add(kind, "Wan", "ai-toolkit");
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Based))]
    public void Layers_of_every_kind_are_measured_against_their_base_weights(string kind, string model, string spelling)
    {
        AdapterCheck check = AdapterCheck.Run(
            AdapterSpelling.Get(spelling).Of(OwnModels.Get(model), kind: kind),
            own.Get(model, isFolder: false)
        );
        Assert.Equal(check.LayerCount, check.BasedCount);
    }

    [Theory]
    [InlineData("derived_sd15_lycoris_loha")]
    [InlineData("derived_sd15_lycoris_loha_tucker")]
    public void Lists_of_every_kind_are_measured_against_their_base_weights(string list)
    {
        AdapterCheck check = AdapterCheck.Run(SharedLists.Get(list), shared.Get("base_sd15_ldm"));
        Assert.Equal(check.LayerCount, check.BasedCount);
    }
}
