using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>A file in which nothing would be resized is not written, and one that would not be smaller is said so.</summary>
public sealed class UselessOutputTests
{
    [Theory]
    [InlineData("lora_unet_double_blocks_0_img_attn_qkv", "flux1", "The LoRA is for Flux, the base model is SDXL.")]
    [InlineData(
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
        null,
        "The LoRA is for SD 1.x or 2.x, the base model is SDXL."
    )]
    [InlineData(
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_1_attn1_to_q",
        null,
        "Both are SDXL, but the LoRA's layers are not those of the base model"
    )]
    [InlineData("lora_unet_unheard_of", null, "The LoRA is for an unknown model, the base model is SDXL.")]
    public void A_LoRA_of_which_no_layer_is_in_the_base_model_is_refused_with_both_families(string layer, string? version, string cause)
    {
        SampleLora lora = new SampleLora().Layer(layer, 8, 6, 4);
        using var scene = new ResizeScene(version is null ? lora : lora.Metadata("ss_base_model_version", version));
        CheckpointException exception = Assert.Throws<CheckpointException>(() => scene.Plan("spn_ckpt,thr=-1.2"));
        Assert.Equal("CheckpointMismatch", exception.ErrorId);
        Assert.All([scene.LoraPath, scene.BasePath!, cause], part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
        using Adapter adapter = scene.OpenInput();
        Assert.Equal(exception.Message, Assert.Throws<CheckpointException>(() => scene.Session.RequireMatch(adapter)).Message);
        Assert.Equal(1, scene.Plan("spn_lora,thr=-0.01").Measurement.LayersKept);
    }

    [Fact]
    public void Layers_that_were_chosen_and_have_no_base_weight_are_refused_where_the_recipe_needs_one()
    {
        using var scene = new ResizeScene(ResizeScene.UsualLora().Layer("lora_unet_unheard_of", 8, 6, 4));
        using Adapter adapter = scene.OpenInput();
        scene.Session.RequireMatch(adapter);
        LayerSelection odd = new(scene, "lora_unet_unheard_of");
        using ResizeJob job = odd.Job;
        OutputException exception = Assert.Throws<OutputException>(() => LayerSelection.Plan(job, "spn_ckpt,thr=-1"));
        Assert.Equal(("OutputNothingResized", scene.LoraPath), (exception.ErrorId, exception.Path));
    }

    [Fact]
    public void An_output_that_would_hold_what_the_input_holds_is_known()
    {
        using var scene = new ResizeScene(new SampleLora().Layer("a", 8, 6, 2, alpha: 1).Layer("b", 8, 6, 3));
        Assert.True(scene.Plan("rank=3", TensorType.Float32).ChangesNothing);
        Assert.True(scene.Plan("spn_lora,size=1", TensorType.Float32).ChangesNothing);
        Assert.False(scene.Plan("rank=2", TensorType.Float32).ChangesNothing);
        Assert.False(scene.Plan("rank=3", TensorType.Float16).ChangesNothing);
        Assert.False(scene.Plan("spn_lora,thr=-inf,rescale=2", TensorType.Float32).ChangesNothing);
        using ResizeJob part = new LayerSelection(scene, "a").Job;
        Assert.False(LayerSelection.Plan(part, "rank=3", TensorType.Float32).ChangesNothing);
    }

    [Fact]
    public void An_output_that_is_not_smaller_is_written_with_a_warning_that_says_why()
    {
        using var scene = new ResizeScene(new SampleLora().Layer(ResizeScene.Linear, 40, 32, 16, alpha: 4, TensorType.Float16));
        scene.Resize("rank=15", TensorType.Float32).Output.Dispose();
        string warning = Assert.Single(scene.Log.Warnings);
        Assert.Matches(
            "the output of [0-9,]+ bytes is not smaller than the input of [0-9,]+. It is written in F32, the input is in F16.$",
            warning
        );
        scene.Resize("rank=4", TensorType.Float32).Output.Dispose();
        Assert.Single(scene.Log.Warnings);
    }

    // Some layers of a scene's file, as they come from a pipeline.
    private sealed class LayerSelection(ResizeScene scene, params string[] names)
    {
        public ResizeJob Job { get; } =
            ResizeJob.Adopt(
                scene.Session,
                scene.OpenInput(),
                [.. scene.Job.Layers.Where(layer => names.Contains(layer.Layer))],
                progress: null,
                CancellationToken.None
            );

        public static ResizePlan Plan(ResizeJob job, string recipe, TensorType type = TensorType.Float16) =>
            job.Plan(ResizeLora.Recipes.ResizeRecipe.Parse(recipe), type, OutputKind.Smallest, progress: null, CancellationToken.None);
    }
}
