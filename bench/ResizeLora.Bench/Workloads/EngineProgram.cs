using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.Bench.Workloads;

/// <summary>The engine, called as the cmdlets call it.</summary>
internal sealed class EngineProgram : IBenchProgram
{
    private readonly BenchFiles files;
    private readonly string outputFolder;
    private readonly string device;
    private readonly NormCache cache;
    private LayerSpectrum[] prepared = [];

    /// <summary>Prepares.</summary>
    /// <param name="files">The files.</param>
    /// <param name="outputFolder">Where outputs and norms are kept.</param>
    /// <param name="device">Where it computes.</param>
    public EngineProgram(BenchFiles files, string outputFolder, string device)
    {
        this.device = device;
        this.files = files;
        this.outputFolder = outputFolder;
        cache = new NormCache(Path.Combine(outputFolder, "norms"));
    }

    /// <inheritdoc/>
    public string Name => "engine";

    /// <inheritdoc/>
    public void ForgetNorms()
    {
        if (Directory.Exists(cache.Folder))
        {
            Directory.Delete(cache.Folder, recursive: true);
        }
    }

    /// <inheritdoc/>
    public void RememberNorms() => Measure(cache);

    /// <inheritdoc/>
    public void Resize(IReadOnlyList<string> loras, IReadOnlyList<ResizeRecipe> recipes)
    {
        using var session = new ResizeSession(device, files.Checkpoint, cache);
        foreach (string lora in loras)
        {
            using var job = ResizeJob.Decompose(session, Adapter.Open(lora), progress: null, CancellationToken.None);
            foreach (ResizeRecipe recipe in recipes)
            {
                ResizePlan plan = job.Plan(recipe, TensorType.Float16, OutputKind.Smallest, progress: null, CancellationToken.None);
                string name = $"{Path.GetFileNameWithoutExtension(lora)}-{recipe}.engine.safetensors";
                job.Write(plan, Path.Combine(outputFolder, name), overwrite: true, progress: null, CancellationToken.None);
            }
        }
    }

    /// <inheritdoc/>
    public void Decompose(string lora) => DecomposeLayers(lora, checkpoint: null);

    /// <inheritdoc/>
    public void MeasureBase()
    {
        string folder = Path.Combine(outputFolder, string.Create(CultureInfo.InvariantCulture, $"norms-{Guid.NewGuid():N}"));
        Measure(new NormCache(folder));
        Directory.Delete(folder, recursive: true);
    }

    /// <inheritdoc/>
    public void PrepareSubspaces(string lora)
    {
        if (prepared.Length == 0)
        {
            RememberNorms();
            prepared = DecomposeLayers(lora, files.Checkpoint);
        }
    }

    /// <inheritdoc/>
    public void ScaleSubspaces()
    {
        using var session = new ResizeSession(device, files.Checkpoint, cache);
        using var job = ResizeJob.Adopt(session, Adapter.Open(prepared[0].Path), prepared, progress: null, CancellationToken.None);
        job.Plan(ResizeRecipe.Parse("subspace=1,thr=0"), TensorType.Float16, OutputKind.Smallest, progress: null, CancellationToken.None);
    }

    private LayerSpectrum[] DecomposeLayers(string lora, string? checkpoint)
    {
        using var session = new ResizeSession(device, checkpoint, cache);
        using var adapter = Adapter.Open(lora);
        return session.Decompose(adapter, adapter.Layers, progress: null, CancellationToken.None).ToArray();
    }

    private void Measure(NormCache kept)
    {
        using var session = new ResizeSession(device, files.Checkpoint, kept);
        using var adapter = Adapter.Open(files.HighRankLora);
        session.MeasureBase(session.BaseFor(adapter), adapter.Path, adapter.Layers, progress: null, CancellationToken.None);
    }
}
