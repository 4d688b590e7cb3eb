using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>An adapter with its layers decomposed, and its outputs, all in a folder of its own.</summary>
internal sealed class KindScene : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ResizeSession session;
    private int count;

    /// <summary>Writes and opens an adapter.</summary>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="baseTensors">Those of the base model, or none.</param>
    /// <param name="includeDifference">Whether whole differences become layers.</param>
    /// <param name="device">Where it is computed; the processor when null.</param>
    public KindScene(
        IEnumerable<SampleTensor> tensors,
        IEnumerable<SampleTensor>? baseTensors = null,
        bool includeDifference = false,
        LayerDevice? device = null
    )
    {
        SampleTensor[] weights = [.. baseTensors ?? []];
        string? basePath = weights.Length == 0 ? null : SampleFiles.Write(folder.PathOf("base.safetensors"), weights);
        InputPath = SampleFiles.Write(folder.PathOf("input.safetensors"), tensors);
        session = new ResizeSession(
            () => device ?? new LayerDevice(ComputeDevice.Resolve("cpu")),
            basePath is null ? [] : Checkpoint.PathsOf(basePath),
            new NormCache(folder.PathOf("cache"))
        );
        Adapter = Adapter.Open(InputPath, includeDifference);
        Job = ResizeJob.Decompose(session, Adapter, progress: null, CancellationToken.None);
    }

    public string InputPath { get; }

    /// <summary>The open adapter, which the job owns.</summary>
    public Adapter Adapter { get; }

    public ResizeJob Job { get; }

    /// <summary>Writes what a recipe makes of the adapter.</summary>
    public KindOutput Resize(string recipe, OutputKind kind, TensorType type = TensorType.Float32)
    {
        ResizePlan plan = Plan(recipe, kind, type);
        string path = folder.PathOf(FormattableString.Invariant($"output{++count}.safetensors"));
        Job.Write(plan, path, overwrite: false, null, CancellationToken.None);
        Assert.Equal(plan.Length, new FileInfo(path).Length);
        return new KindOutput(plan, SafetensorsFile.Open(path));
    }

    /// <summary>Plans what a recipe makes of the adapter.</summary>
    public ResizePlan Plan(string recipe, OutputKind kind, TensorType type = TensorType.Float32) =>
        Job.Plan(ResizeRecipe.Parse(recipe), type, kind, null, CancellationToken.None);

    /// <summary>Opens the input again and takes the layers that were decomposed before.</summary>
    public ResizeJob Adopt(bool includeDifference = false) =>
        ResizeJob.Adopt(session, Adapter.Open(InputPath, includeDifference), Job.Layers, null, CancellationToken.None);

    /// <summary>A layer's parts in the input.</summary>
    public Dictionary<string, Tensor> PartsOf(string layer) => KindFile.PartsOf(Adapter.File, layer);

    public void Dispose()
    {
        Job.Dispose();
        session.Dispose();
        folder.Dispose();
    }
}

/// <summary>A written output.</summary>
/// <param name="Plan">What it was made by.</param>
/// <param name="File">The open file.</param>
internal sealed record KindOutput(ResizePlan Plan, SafetensorsFile File) : IDisposable
{
    /// <summary>The layers that took part.</summary>
    public IEnumerable<LayerResult> Layers => Plan.Layers.Select(static layer => layer.Result);

    /// <summary>A layer's parts.</summary>
    public Dictionary<string, Tensor> PartsOf(string layer) => KindFile.PartsOf(File, layer);

    /// <summary>The bytes of a tensor.</summary>
    public byte[] Read(string name) => File.Read(File.Find(name) ?? throw new KeyNotFoundException(name));

    public void Dispose() => File.Dispose();
}
