using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Sessions;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Bench.Workloads;

/// <summary>
/// The algorithm of the reference program (elias-gaeros/resize_lora, commit 9ffa140) on this project's libtorch, as plainly
/// as it is written there: all layers of a file are decomposed and held, one after another, in single precision, with as
/// many threads inside each operation as libtorch likes; then each recipe is scored, selected and written.
/// </summary>
internal sealed class ReferenceProgram : IBenchProgram
{
    private const string CacheName = "reference-norms";

    private readonly string outputFolder;
    private List<ReferenceLayer> prepared = [];
    private Checkpoint? preparedBase;

    /// <summary>Prepares.</summary>
    /// <param name="outputFolder">Where outputs and norms are kept.</param>
    public ReferenceProgram(string outputFolder)
    {
        this.outputFolder = outputFolder;
        NativeLibraries.EnsureLoaded();
    }

    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public void ForgetNorms() => Array.ForEach(Directory.GetFiles(outputFolder, $"{CacheName}-*.json"), File.Delete);

    /// <inheritdoc/>
    public void RememberNorms(BasePair pair)
    {
        if (!File.Exists(CachePathOf(pair.Checkpoint)))
        {
            MeasureBase(pair);
        }
    }

    /// <inheritdoc/>
    public void Resize(ResizeWork work)
    {
        UseAllThreads();
        using var checkpoint = Checkpoint.Open(work.Checkpoint!);
        Dictionary<string, double> norms = LoadNorms(work.Checkpoint!);
        foreach (string lora in work.Loras)
        {
            List<ReferenceLayer> layers = ReadLayers(lora, checkpoint);
            foreach (ResizeRecipe recipe in work.Recipes)
            {
                DimensionSelection selection = Select(layers, recipe, norms);
                if (work.IsWritten)
                {
                    string name = $"{Path.GetFileNameWithoutExtension(lora)}-{recipe}.reference.safetensors";
                    WriteResized(layers, selection, Path.Combine(outputFolder, name));
                }
            }

            layers.ForEach(static layer => layer.Dispose());
        }

        SaveNorms(work.Checkpoint!, norms);
    }

    /// <summary>One layer's part of a job whose norms are known: decomposes it and makes the factors of half of its dimensions.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="layer">The layer.</param>
    public static void ResizeLayer(Adapter adapter, AdapterLayer layer)
    {
        using var decomposed = ReferenceLayer.Decompose(adapter, layer, weight: null);
        int[] half = [.. Enumerable.Range(0, Math.Max(1, layer.Rank / 2))];
        decomposed.AddTruncated(half, []);
    }

    /// <inheritdoc/>
    public void Decompose(string lora)
    {
        UseAllThreads();
        ReadLayers(lora, checkpoint: null).ForEach(static layer => layer.Dispose());
    }

    /// <inheritdoc/>
    public void MeasureBase(BasePair pair)
    {
        UseAllThreads();
        using var checkpoint = Checkpoint.Open(pair.Checkpoint);
        using var adapter = Adapter.Open(pair.Lora);
        var joined = new AdapterBase(adapter, checkpoint);
        var norms = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (AdapterLayer layer in adapter.Layers)
        {
            SpectralNorm(layer.Name, joined.Find(layer.Name)!, norms);
        }

        SaveNorms(pair.Checkpoint, norms);
    }

    /// <inheritdoc/>
    public void PrepareSubspaces(BasePair pair)
    {
        if (prepared.Count == 0)
        {
            UseAllThreads();
            preparedBase = Checkpoint.Open(pair.Checkpoint);
            prepared = ReadLayers(pair.Lora, preparedBase);
        }
    }

    /// <inheritdoc/>
    public void ScaleSubspaces(BasePair pair)
    {
        UseAllThreads();
        foreach (ReferenceLayer layer in prepared)
        {
            using DisposeScope scope = NewDisposeScope();
            layer.SubspaceScales(ReadWeight(layer.Weight!));
        }
    }

    /// <inheritdoc/>
    public void FreeSubspaces()
    {
        prepared.ForEach(static layer => layer.Dispose());
        prepared = [];
        preparedBase?.Dispose();
        preparedBase = null;
    }

    /// <summary>The spectral norm of one base weight, as the reference program has it.</summary>
    /// <param name="layer">The LoRA layer's name.</param>
    /// <param name="weight">The weight.</param>
    /// <param name="norms">The norms that are known; the result is added.</param>
    public static double SpectralNorm(string layer, BaseWeight weight, Dictionary<string, double> norms)
    {
        const int Iterations = 64;
        if (!norms.TryGetValue(layer, out double norm))
        {
            using DisposeScope scope = NewDisposeScope();
            norm = LowRankDecomposition.SingularValues(ReadWeight(weight), count: 1, Iterations)[0].item<float>();
            norms.Add(layer, norm);
        }

        return norm;
    }

    // The engine's workers turn this off on the threads that they use, and the calling thread is one of them.
    private static void UseAllThreads() => set_num_threads(Environment.ProcessorCount);

    private static List<ReferenceLayer> ReadLayers(string lora, Checkpoint? checkpoint)
    {
        using var adapter = Adapter.Open(lora);
        AdapterBase? joined = checkpoint is null ? null : new AdapterBase(adapter, checkpoint);
        return adapter.Layers.Select(layer => ReferenceLayer.Decompose(adapter, layer, joined?.Find(layer.Name))).ToList();
    }

    private static Tensor ReadWeight(BaseWeight weight)
    {
        ScalarType type = weight.Type == TensorType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float16;
        using Tensor stored = empty([weight.Rows, weight.Columns], type);
        weight.Read(stored.bytes);
        return stored.to(ScalarType.Float32);
    }

    private static double[] Score(ReferenceLayer layer, ResizeRecipe recipe, Dictionary<string, double> norms)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor scores = layer.SingularValues.log10().add(Math.Log10(recipe.Rescale));
        foreach ((ScoreKind kind, double weight) in recipe.Scores)
        {
            Tensor reference = kind switch
            {
                ScoreKind.Subspace => layer.SubspaceScales(ReadWeight(layer.Weight!)).abs(),
                ScoreKind.SpectralCheckpoint => tensor((float)SpectralNorm(layer.Name, layer.Weight!, norms)),
                ScoreKind.SpectralLora => layer.SingularValues[0],
                _ => throw new NotSupportedException($"No workload scores by {kind}."),
            };
            scores = scores.sub(reference.log10().mul(weight));
        }

        return scores.data<float>().Select(static score => (double)score).ToArray();
    }

    private static DimensionSelection Select(List<ReferenceLayer> layers, ResizeRecipe recipe, Dictionary<string, double> norms)
    {
        double[][] scores = layers.Select(layer => Score(layer, recipe, norms)).ToArray();
        double threshold = recipe.SizeInBytes is { } size ? ThresholdOf(size, scores, layers) : recipe.Threshold!.Value;
        return DimensionSelector.ByThreshold(scores, threshold);
    }

    // Greedy: the best dimensions until their bytes reach the size.
    private static double ThresholdOf(long size, double[][] scores, List<ReferenceLayer> layers)
    {
        long sum = 0;
        foreach (
            (double score, long length) in scores
                .SelectMany((layer, index) => layer.Select(score => (score, layers[index].DimensionByteLength)))
                .OrderByDescending(static dimension => dimension.score)
        )
        {
            sum += length;
            if (sum >= size)
            {
                return score;
            }
        }

        return double.NegativeInfinity;
    }

    private static void WriteResized(List<ReferenceLayer> layers, DimensionSelection selection, string path)
    {
        using DisposeScope scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        for (int index = 0; index < layers.Count; index++)
        {
            if (selection.Kept[index].Length > 0)
            {
                layers[index].AddTruncated(selection.Kept[index], tensors);
            }
        }

        PlainWriter.Write(path, tensors);
    }

    private string CachePathOf(string checkpoint) =>
        Path.Combine(outputFolder, $"{CacheName}-{Path.GetFileNameWithoutExtension(checkpoint)}.json");

    private Dictionary<string, double> LoadNorms(string checkpoint) =>
        CachePathOf(checkpoint) is var path && File.Exists(path)
            ? JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(path))!
            : [];

    private void SaveNorms(string checkpoint, Dictionary<string, double> norms) =>
        File.WriteAllBytes(CachePathOf(checkpoint), JsonSerializer.SerializeToUtf8Bytes(norms));
}
