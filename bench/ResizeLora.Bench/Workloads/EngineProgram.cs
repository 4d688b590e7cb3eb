using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.Bench.Workloads;

/// <summary>The engine, called as the cmdlets call it.</summary>
internal sealed class EngineProgram : IBenchProgram
{
    private readonly string outputFolder;
    private readonly string device;
    private readonly NormCache cache;
    private LayerSpectrum[] prepared = [];

    /// <summary>Prepares.</summary>
    /// <param name="outputFolder">Where outputs and norms are kept.</param>
    /// <param name="device">Where it computes.</param>
    public EngineProgram(string outputFolder, string device)
    {
        this.device = device;
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
    public void RememberNorms(BasePair pair) => Measure(pair, cache);

    /// <inheritdoc/>
    public void Resize(ResizeWork work)
    {
        using var session = new ResizeSession(device, work.Checkpoint, cache);
        bool comparesSubspaces = work.Recipes.Any(static recipe => recipe.NeedsSubspace);
        var jobs = new List<ResizeJob>();
        foreach (string lora in work.Loras)
        {
            var job = ResizeJob.Decompose(session, Adapter.Open(lora), progress: null, CancellationToken.None, work.Recipes);
            jobs.Add(job);

            // As Resize-Lora does: files that compare subspaces share the reading of the base model.
            bool waits = comparesSubspaces && SubspaceComparison.IsWorthSharing(job.Layers);
            if (!waits || jobs.Sum(static one => SubspaceComparison.CountVectors(one.Layers)) >= SubspaceComparison.MostVectors)
            {
                Write(work, jobs);
            }
        }

        Write(work, jobs);
    }

    private void Write(ResizeWork work, List<ResizeJob> jobs)
    {
        if (work.Recipes.Any(static recipe => recipe.NeedsSubspace))
        {
            SubspaceComparison.Run(jobs, progress: null, CancellationToken.None);
        }

        foreach (ResizeJob job in jobs)
        {
            foreach (ResizeRecipe recipe in work.Recipes)
            {
                ResizePlan plan = job.Plan(recipe, TensorType.Float16, OutputKind.Smallest, progress: null, CancellationToken.None);
                if (work.IsWritten)
                {
                    string name = $"{Path.GetFileNameWithoutExtension(job.SourcePath)}-{recipe}.engine.safetensors";
                    job.Write(plan, Path.Combine(outputFolder, name), overwrite: true, progress: null, CancellationToken.None);
                }
            }

            job.Dispose();
        }

        jobs.Clear();
    }

    /// <inheritdoc/>
    public void Decompose(string lora) => DecomposeLayers(lora, checkpoint: null);

    /// <inheritdoc/>
    public void MeasureBase(BasePair pair)
    {
        string folder = Path.Combine(outputFolder, string.Create(CultureInfo.InvariantCulture, $"norms-{Guid.NewGuid():N}"));
        Measure(pair, new NormCache(folder));
        Directory.Delete(folder, recursive: true);
    }

    /// <inheritdoc/>
    public void PrepareSubspaces(BasePair pair)
    {
        if (prepared.Length == 0)
        {
            RememberNorms(pair);
            prepared = DecomposeLayers(pair.Lora, pair.Checkpoint);
        }
    }

    /// <inheritdoc/>
    public void ScaleSubspaces(BasePair pair)
    {
        using var session = new ResizeSession(device, pair.Checkpoint, cache);
        using var job = ResizeJob.Adopt(session, Adapter.Open(pair.Lora), prepared, progress: null, CancellationToken.None);
        job.Plan(ResizeRecipe.Parse("subspace=1,thr=0"), TensorType.Float16, OutputKind.Smallest, progress: null, CancellationToken.None);
    }

    /// <inheritdoc/>
    public void FreeSubspaces() => prepared = [];

    private LayerSpectrum[] DecomposeLayers(string lora, string? checkpoint)
    {
        using var session = new ResizeSession(device, checkpoint, cache);
        using var adapter = Adapter.Open(lora);
        return session.Decompose(adapter, adapter.Layers, progress: null, CancellationToken.None).ToArray();
    }

    private void Measure(BasePair pair, NormCache kept)
    {
        using var session = new ResizeSession(device, pair.Checkpoint, kept);
        using var adapter = Adapter.Open(pair.Lora);
        session.MeasureBase(session.BaseFor(adapter), adapter.Path, adapter.Layers, progress: null, CancellationToken.None);
    }
}
