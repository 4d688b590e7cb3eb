using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.KeyLists;

/// <summary>Resizes an adapter of any kind and compares what the output means with a dense truncation in double precision.</summary>
internal sealed class KindCheck
{
    private const double Accuracy = 1e-4;
    private const int MostOfOnePattern = 2;

    private readonly KeyList list;
    private readonly BaseModel? model;
    private readonly IReadOnlyList<PlainLayer> layers;

    private KindCheck(KeyList list, BaseModel? model, bool withDifference)
    {
        this.list = Few(list);
        this.model = model;
        layers = PlainLora.LayersOf(this.list, withBase: model is not null, withDifference);
    }

    /// <summary>Writes the adapter, resizes it and checks every layer of the output.</summary>
    /// <param name="list">The adapter.</param>
    /// <param name="recipe">The recipe; it needs no base weights.</param>
    /// <param name="kind">The kind of the output.</param>
    /// <param name="model">The base model, which GLoRA needs.</param>
    /// <param name="withDifference">Whether whole differences are resized too.</param>
    /// <returns>How many layers were compared.</returns>
    public static int Run(KeyList list, string recipe, OutputKind kind, BaseModel? model = null, bool withDifference = false)
    {
        using DisposeScope scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var check = new KindCheck(list, model, withDifference);
        string name = list.Settings is null ? "lora.safetensors" : "adapter_model.safetensors";
        string path = check.list.Write(folder.PathOf(name));
        using ResizeSession session = model?.Open() ?? new ResizeSession("cpu", [], new Checkpoints.NormCache(folder.PathOf("cache")));
        using ResizeJob job = ResizeJob.Decompose(session, Adapter.Open(path, withDifference), null, CancellationToken.None);
        ResizePlan plan = job.Plan(ResizeRecipe.Parse(recipe), TensorType.Float32, kind, null, CancellationToken.None);
        Directory.CreateDirectory(folder.PathOf("out"));
        string output = folder.PathOf(Path.Combine("out", name));
        job.Write(plan, output, overwrite: false, null, CancellationToken.None);
        check.Compare(plan, output, kind);
        return check.layers.Count;
    }

    // Of layers with the same parts and shapes a few say all.
    private static KeyList Few(KeyList list)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        HashSet<string> dropped = list
            .Tensors.Where(static tensor => PlainNames.Read(tensor.Name) is not null)
            .GroupBy(static tensor => PlainNames.Read(tensor.Name)!.Value.Layer, StringComparer.Ordinal)
            .Where(layer =>
            {
                string pattern = string.Join(
                    ';',
                    layer.Select(static tensor => $"{PlainNames.Read(tensor.Name)!.Value.Part} {string.Join('x', tensor.Shape)}")
                );
                return (counts[pattern] = counts.GetValueOrDefault(pattern) + 1) > MostOfOnePattern;
            })
            .SelectMany(static layer => layer.Select(static tensor => tensor.Name))
            .ToHashSet(StringComparer.Ordinal);
        return list with { Tensors = [.. list.Tensors.Where(tensor => !dropped.Contains(tensor.Name))] };
    }

    private void Compare(ResizePlan plan, string path, OutputKind kind)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        KeyList output = WrittenList.Read(file, path);
        Dictionary<string, PlainLayer> written = PlainLora
            .LayersOf(output, withBase: model is not null, withDifference: true)
            .ToDictionary(static layer => layer.Name, StringComparer.Ordinal);
        Dictionary<string, LayerPlan> plans = plan.Layers.ToDictionary(static layer => layer.Result.Layer, StringComparer.Ordinal);
        HashSet<string> resized = layers
            .SelectMany(static layer => layer.Resized)
            .Select(static tensor => tensor.Name)
            .ToHashSet(StringComparer.Ordinal);
        foreach (ListedTensor tensor in list.Tensors.Where(tensor => !resized.Contains(tensor.Name)))
        {
            bool isSame = file.Find(tensor.Name) is { } kept && file.Read(kept).AsSpan().SequenceEqual(tensor.ToSample().Bytes);
            Assert.True(isSame, $"{tensor.Name} is not what it was.");
        }

        string[] wrong = [.. layers.Select(layer => FaultOf(layer, plans, written, kind)).OfType<string>()];
        Assert.True(wrong.Length == 0, $"{wrong.Length} of {layers.Count}: {string.Join("; ", wrong.Take(5))}");
    }

    private string? FaultOf(PlainLayer layer, Dictionary<string, LayerPlan> plans, Dictionary<string, PlainLayer> written, OutputKind kind)
    {
        using DisposeScope scope = NewDisposeScope();
        if (!plans.TryGetValue(layer.Name, out LayerPlan? plan))
        {
            return $"{layer.Name} is not in the plan";
        }

        int rank = plan.Result.NewRank;
        if (!written.TryGetValue(layer.Name, out PlainLayer? found))
        {
            return rank == 0 && !layer.HasMagnitude ? null : $"{layer.Name} of rank {rank} is not in the output";
        }

        if (!found.IsOfOneKind)
        {
            return $"{layer.Name} has tensors of two kinds: {string.Join(", ", found.Parts.Keys)}";
        }

        if (kind == OutputKind.LoRA && found.Kind is not (PlainKind.LoRA or PlainKind.Embedding))
        {
            return $"{layer.Name} is a {found.Kind}";
        }

        if (kind == OutputKind.Smallest && found.ElementCount > layer.ElementCount + 1)
        {
            return $"{layer.Name} grows from {layer.ElementCount} to {found.ElementCount} numbers";
        }

        Tensor? weight = layer.Kind == PlainKind.GLoRA ? model?.MatrixOf(layer.Name) : null;
        double error = PlainKinds.ErrorOf(layer.Doubles(), found.Doubles(), rank, weight, layer.ScaleOf, found.ScaleOf);
        return error <= Accuracy ? null : $"{layer.Name}: rank {rank}, ΔW as {found.Kind} is off by {error:g3} of its size";
    }
}
