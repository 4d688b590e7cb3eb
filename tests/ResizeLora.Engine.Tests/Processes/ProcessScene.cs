using ResizeLora.Files;

namespace ResizeLora.Tests.Processes;

/// <summary>A LoRA and a base model that keep a process busy for a while, in a folder of their own.</summary>
internal sealed class ProcessScene : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>Sets the scene.</summary>
    /// <param name="layers">How many layers.</param>
    /// <param name="side">Rows and columns of each.</param>
    /// <param name="rank">The rank of each.</param>
    public ProcessScene(int layers, int side, int rank)
    {
        var gaussian = new Gaussian(side);
        var lora = new SampleLora(layers);
        var weights = new List<SampleTensor>();
        double[] numbers = gaussian.Numbers(side * side, 0.1);
        for (int index = 0; index < layers; index++)
        {
            lora.Layer(
                FormattableString.Invariant($"lora_unet_input_blocks_{index}_0_proj_in"),
                side,
                side,
                rank,
                alpha: rank,
                TensorType.Float16
            );
            numbers[index] = 1;
            weights.Add(
                SampleTensor.Of(
                    FormattableString.Invariant($"model.diffusion_model.input_blocks.{index}.0.proj_in.weight"),
                    TensorType.Float16,
                    [side, side],
                    numbers
                )
            );
        }

        Lora = lora.Write(PathOf("lora.safetensors"));
        Base = SampleFiles.Write(PathOf("base.safetensors"), weights);
        Output = Directory.CreateDirectory(PathOf("output")).FullName;
    }

    public string Lora { get; }

    public string Base { get; }

    public string Output { get; }

    public string Folder => folder.Path;

    public string Cache => PathOf("cache");

    public string PathOf(string name) => folder.PathOf(name);

    /// <summary>The path as a script spells it.</summary>
    public string Quoted(string name) => PowerShellProcess.Quote(PathOf(name));

    public PowerShellProcess Start(string script) => PowerShellProcess.Start(script, Folder);

    public void Dispose() => folder.Dispose();
}
