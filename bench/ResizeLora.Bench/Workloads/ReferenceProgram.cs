using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Recipes;
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
    private readonly BenchFiles files;
    private readonly string outputFolder;
    private readonly string cachePath;
    private List<ReferenceLayer> prepared = [];

    /// <summary>Prepares.</summary>
    /// <param name="files">The files.</param>
    /// <param name="outputFolder">Where outputs and norms are kept.</param>
    public ReferenceProgram(BenchFiles files, string outputFolder)
    {
        this.files = files;
        this.outputFolder = outputFolder;
        cachePath = Path.Combine(outputFolder, "reference-norms.json");
        NativeLibraries.EnsureLoaded();
    }

    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public void ForgetNorms() => File.Delete(cachePath);

    /// <inheritdoc/>
    public void RememberNorms()
    {
        if (!File.Exists(cachePath))
        {
            MeasureBase();
        }
    }

    /// <inheritdoc/>
    public void Resize(IReadOnlyList<string> loras, IReadOnlyList<ResizeRecipe> recipes)
    {
        UseAllThreads();
        using var checkpoint = Checkpoint.Open(files.Checkpoint);
        Dictionary<string, double> norms = LoadNorms();
        foreach (string lora in loras)
        {
            List<ReferenceLayer> layers = ReadLayers(lora);
            foreach (ResizeRecipe recipe in recipes)
            {
                string name = $"{Path.GetFileNameWithoutExtension(lora)}-{recipe}.reference.safetensors";
                WriteResized(layers, Select(layers, recipe, checkpoint, norms), Path.Combine(outputFolder, name));
            }

            layers.ForEach(static layer => layer.Dispose());
        }

        SaveNorms(norms);
    }

    /// <inheritdoc/>
    public void Decompose(string lora)
    {
        UseAllThreads();
        ReadLayers(lora).ForEach(static layer => layer.Dispose());
    }

    /// <inheritdoc/>
    public void MeasureBase()
    {
        UseAllThreads();
        using var checkpoint = Checkpoint.Open(files.Checkpoint);
        using var adapter = Adapter.Open(files.HighRankLora);
        var norms = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (AdapterLayer layer in adapter.Layers)
        {
            SpectralNorm(layer.Name, checkpoint, norms);
        }

        SaveNorms(norms);
    }

    /// <inheritdoc/>
    public void PrepareSubspaces(string lora)
    {
        if (prepared.Count == 0)
        {
            UseAllThreads();
            prepared = ReadLayers(lora);
        }
    }

    /// <inheritdoc/>
    public void ScaleSubspaces()
    {
        UseAllThreads();
        using var checkpoint = Checkpoint.Open(files.Checkpoint);
        foreach (ReferenceLayer layer in prepared)
        {
            using DisposeScope scope = NewDisposeScope();
            layer.SubspaceScales(ReadWeight(layer.Name, checkpoint));
        }
    }

    /// <summary>The spectral norm of one base weight, as the reference program has it.</summary>
    /// <param name="layer">The LoRA layer's name.</param>
    /// <param name="checkpoint">The base model.</param>
    /// <param name="norms">The norms that are known; the result is added.</param>
    public static double SpectralNorm(string layer, Checkpoint checkpoint, Dictionary<string, double> norms)
    {
        const int Iterations = 64;
        if (!norms.TryGetValue(layer, out double norm))
        {
            using DisposeScope scope = NewDisposeScope();
            norm = LowRankDecomposition.SingularValues(ReadWeight(layer, checkpoint), count: 1, Iterations)[0].item<float>();
            norms.Add(layer, norm);
        }

        return norm;
    }

    // The engine's workers turn this off on the threads that they use, and the calling thread is one of them.
    private static void UseAllThreads() => set_num_threads(Environment.ProcessorCount);

    private static List<ReferenceLayer> ReadLayers(string lora)
    {
        using var adapter = Adapter.Open(lora);
        return adapter.Layers.Select(layer => ReferenceLayer.Decompose(adapter, layer)).ToList();
    }

    private static Tensor ReadWeight(string layer, Checkpoint checkpoint)
    {
        BaseWeight weight = checkpoint.Find(layer)!;
        using Tensor stored = empty([weight.Rows, weight.Columns], ScalarType.Float16);
        weight.Read(stored.bytes);
        return stored.to(ScalarType.Float32);
    }

    private static double[] Score(ReferenceLayer layer, ResizeRecipe recipe, Checkpoint checkpoint, Dictionary<string, double> norms)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor scores = layer.SingularValues.log10().add(Math.Log10(recipe.Rescale));
        foreach ((ScoreKind kind, double weight) in recipe.Scores)
        {
            Tensor reference = kind switch
            {
                ScoreKind.Subspace => layer.SubspaceScales(ReadWeight(layer.Name, checkpoint)).abs(),
                ScoreKind.SpectralCheckpoint => tensor((float)SpectralNorm(layer.Name, checkpoint, norms)),
                ScoreKind.SpectralLora => layer.SingularValues[0],
                _ => throw new NotSupportedException($"No workload scores by {kind}."),
            };
            scores = scores.sub(reference.log10().mul(weight));
        }

        return scores.data<float>().Select(static score => (double)score).ToArray();
    }

    private static DimensionSelection Select(
        List<ReferenceLayer> layers,
        ResizeRecipe recipe,
        Checkpoint checkpoint,
        Dictionary<string, double> norms
    )
    {
        double[][] scores = layers.Select(layer => Score(layer, recipe, checkpoint, norms)).ToArray();
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

    private Dictionary<string, double> LoadNorms() =>
        File.Exists(cachePath) ? JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(cachePath))! : [];

    private void SaveNorms(Dictionary<string, double> norms) => File.WriteAllBytes(cachePath, JsonSerializer.SerializeToUtf8Bytes(norms));
}
