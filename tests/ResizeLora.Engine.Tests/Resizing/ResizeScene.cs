using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>A small LoRA, the base model under it, and a job that is ready to plan and write; all in a folder of its own.</summary>
internal sealed class ResizeScene : IDisposable
{
    public const string Linear = "lora_unet_input_blocks_4_1_proj_in";
    public const string Convolution = "lora_unet_input_blocks_1_0_in_layers_2";
    public const string TextEncoder1 = "lora_te1_text_model_encoder_layers_0_mlp_fc1";
    public const string Query = "lora_te2_text_model_encoder_layers_0_self_attn_q_proj";
    public const string Key = "lora_te2_text_model_encoder_layers_0_self_attn_k_proj";

    private readonly TemporaryFolder folder;
    private readonly ResizeSession session;

    /// <summary>Sets the scene.</summary>
    /// <param name="lora">The LoRA; the usual one when null.</param>
    /// <param name="withBase">Whether there is a base model.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="card">The same, where it is an imitation.</param>
    public ResizeScene(SampleLora? lora = null, bool withBase = true, string device = "cpu", LayerDevice? card = null)
    {
        folder = new TemporaryFolder();
        LoraPath = (lora ?? UsualLora()).Write(folder.PathOf("lora.safetensors"));
        BasePath = withBase ? WriteBase(folder.PathOf("base.safetensors")) : null;
        session = new ResizeSession(
            () => card ?? new LayerDevice(ComputeDevice.Resolve(device)),
            BasePath is null ? [] : Checkpoint.PathsOf(BasePath),
            new NormCache(folder.PathOf("cache"))
        );
        Job = ResizeJob.Decompose(session, Adapter.Open(LoraPath), progress: null, CancellationToken.None);
    }

    public string LoraPath { get; }

    public string? BasePath { get; }

    public ResizeSession Session => session;

    public ResizeJob Job { get; }

    public EventLog Log { get; } = new();

    public string OutputFolder => folder.Path;

    /// <summary>Linear, convolutional and text encoder layers, of several types, alphas and ranks.</summary>
    public static SampleLora UsualLora() =>
        new SampleLora(7)
            .Layer(Linear, 40, 32, 8, alpha: 4)
            .Layer(Convolution, 24, 16, 6, alpha: 6, TensorType.Float16, kernel: 3)
            .Layer(TextEncoder1, 48, 32, 8, alpha: null, TensorType.BFloat16)
            .Layer(Query, 20, 24, 4, alpha: -2)
            .Layer(Key, 20, 24, 4, alpha: 1, TensorType.Float64)
            .Metadata("ss_network_dim", "8")
            .Metadata("ss_network_alpha", "4")
            .Metadata("ss_training_comment", "my comment")
            .Metadata("other", "kept “as it is”");

    public string PathOf(string name) => folder.PathOf(name);

    public ResizePlan Plan(string recipe, TensorType type = TensorType.Float16) =>
        Job.Plan(ResizeRecipe.Parse(recipe), type, OutputKind.Smallest, Log, CancellationToken.None);

    /// <summary>Plans, writes and opens the output.</summary>
    public (ResizePlan Plan, Adapter Output) Resize(string recipe, TensorType type = TensorType.Float16, string name = "output.safetensors")
    {
        ResizePlan plan = Plan(recipe, type);
        Job.Write(plan, PathOf(name), overwrite: true, Log, CancellationToken.None);
        return (plan, Adapter.Open(PathOf(name)));
    }

    /// <summary>Opens the input once more, for comparison.</summary>
    public Adapter OpenInput() => Adapter.Open(LoraPath);

    public void Dispose()
    {
        Job.Dispose();
        session.Dispose();
        folder.Dispose();
    }

    private static string WriteBase(string path)
    {
        var gaussian = new Gaussian(70);
        SampleTensor Weight(string name, params long[] shape) =>
            SampleTensor.Of(
                name,
                TensorType.Float16,
                shape,
                gaussian.Numbers((int)shape.Aggregate(1L, static (product, dimension) => product * dimension), 0.1)
            );
        return SampleFiles.Write(
            path,
            [
                Weight("model.diffusion_model.input_blocks.4.1.proj_in.weight", 40, 32, 1, 1),
                Weight("model.diffusion_model.input_blocks.1.0.in_layers.2.weight", 24, 16, 3, 3),
                Weight("conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight", 48, 32),
                Weight("conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight", 60, 24),
            ]
        );
    }
}
