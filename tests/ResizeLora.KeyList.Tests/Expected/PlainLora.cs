using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.KeyLists;

/// <summary>The layers of a file by their definition: names taken apart by a list of endings, ΔW in double precision.</summary>
internal static class PlainLora
{
    // What makes a layer more than its kind's ΔW.
    private static readonly string[] Beyond = ["reshape_weight", "set_weight"];

    /// <summary>The layers of a file whose ΔW can be told from the file alone.</summary>
    /// <param name="list">The file.</param>
    /// <param name="withBase">Whether those count that need their base weight.</param>
    /// <param name="withDifference">Whether whole differences count; biases and norms never do.</param>
    public static IReadOnlyList<PlainLayer> LayersOf(KeyList list, bool withBase = false, bool withDifference = false)
    {
        IEnumerable<PlainLayer> layers = list
            .Tensors.Select(static tensor => (Name: PlainNames.Read(tensor.Name), Tensor: tensor))
            .Where(static pair => pair.Name is not null)
            .GroupBy(static pair => pair.Name!.Value.Layer, StringComparer.Ordinal)
            .Select(group =>
            {
                Dictionary<string, ListedTensor> parts = group.ToDictionary(
                    static pair => pair.Name!.Value.Part,
                    static pair => pair.Tensor,
                    StringComparer.Ordinal
                );
                return new PlainLayer(group.Key, parts, rank => ScaleOf(list, group.Key, rank));
            })
            .Where(static layer => !Array.Exists(Beyond, layer.Parts.ContainsKey));
        return [.. layers.Where(layer => IsWanted(layer, withBase, withDifference))];
    }

    private static bool IsWanted(PlainLayer layer, bool withBase, bool withDifference) =>
        layer.Kind switch
        {
            PlainKind.None => false,
            PlainKind.GLoRA => withBase,
            PlainKind.Difference => withDifference && layer.Parts["diff"].Shape.Length >= 2,
            _ => true,
        };

    // adapter_config.json has its keys as they are; the header's lora_adapter_metadata has the component before them.
    private static double ScaleOf(KeyList list, string layer, double rank)
    {
        string component = string.Empty;
        string? text = list.Settings;
        string module = layer.Replace("base_model.model.", string.Empty, StringComparison.Ordinal);
        if (text is null && list.Metadata.TryGetValue("lora_adapter_metadata", out text))
        {
            component = layer[..(layer.IndexOf('.', StringComparison.Ordinal) + 1)];
            module = layer[component.Length..];
        }

        if (text is null)
        {
            return 1;
        }

        using var document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        if (!root.TryGetProperty($"{component}lora_alpha", out JsonElement usual))
        {
            return 1;
        }

        double alpha = usual.GetDouble();
        if (root.TryGetProperty($"{component}alpha_pattern", out JsonElement pattern))
        {
            foreach (JsonProperty entry in pattern.EnumerateObject())
            {
                if (module == entry.Name || module.EndsWith($".{entry.Name}", StringComparison.Ordinal))
                {
                    alpha = entry.Value.GetDouble();
                }
            }
        }

        bool isStable = root.TryGetProperty($"{component}use_rslora", out JsonElement stable) && stable.ValueKind == JsonValueKind.True;
        return alpha / (isStable ? Math.Sqrt(rank) : rank);
    }
}

/// <summary>What a layer is.</summary>
internal enum PlainKind
{
    LoRA,
    LoHa,
    LoKr,
    GLoRA,
    Embedding,
    Difference,
    None,
}

/// <summary>One layer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parts">Its tensors by the names of <see cref="PlainNames"/>.</param>
/// <param name="ScaleOf">Its scale by the rank, where it has no alpha.</param>
internal sealed record PlainLayer(string Name, IReadOnlyDictionary<string, ListedTensor> Parts, Func<long, double> ScaleOf)
{
    // What is copied when the layer is resized.
    private static readonly string[] Kept = [PlainParts.Magnitude, "bias", "diff_b", "w_norm", "b_norm"];

    private long[]? shape;

    /// <summary>What it is.</summary>
    public PlainKind Kind => Parts.Keys.Select(KindOf).OfType<PlainKind>().Order().FirstOrDefault(PlainKind.None);

    /// <summary>Whether it is a plain pair of factors.</summary>
    public bool IsPair => Kind == PlainKind.LoRA && !Parts.ContainsKey("lora_mid");

    /// <summary>Whether it has magnitudes.</summary>
    public bool HasMagnitude => Parts.ContainsKey(PlainParts.Magnitude);

    /// <summary>The tensors that are written anew when the layer is resized, alpha among them.</summary>
    public IEnumerable<ListedTensor> Resized =>
        Parts.Where(static part => Array.IndexOf(Kept, part.Key) < 0).Select(static part => part.Value);

    /// <summary>Whether no tensor of it belongs to another kind.</summary>
    public bool IsOfOneKind => Parts.Keys.Select(KindOf).OfType<PlainKind>().Distinct().Count() == 1;

    /// <summary>How many numbers are written anew when the layer is resized.</summary>
    public int ElementCount => Resized.Sum(static tensor => tensor.Count);

    /// <summary>The rank of a pair.</summary>
    public int Rank => (int)Parts[PlainParts.Up].Shape[1];

    /// <summary>The shape of ΔW, without a kernel of one.</summary>
    public string WeightShape => PlainBase.TextOf(Shape);

    private long[] Shape => shape ??= FindShape();

    /// <summary>The parts in double precision.</summary>
    public Dictionary<string, Tensor> Doubles() =>
        Parts.ToDictionary(
            static part => part.Key,
            static part => tensor(part.Value.Numbers(), ScalarType.Float64).reshape(part.Value.Shape),
            StringComparer.Ordinal
        );

    /// <summary>ΔW, out × in·kernel.</summary>
    /// <param name="weight">The base weight, which GLoRA needs.</param>
    public Tensor Product(Tensor? weight = null) => PlainKinds.Flat(PlainKinds.ChangeOf(Doubles(), weight, ScaleOf)!);

    /// <summary>The singular value decomposition of ΔW, of a pair through two QR decompositions.</summary>
    /// <param name="weight">The base weight, which GLoRA needs.</param>
    public (Tensor U, double[] SingularValues, Tensor Vh) Decompose(Tensor? weight = null)
    {
        if (!IsPair)
        {
            (Tensor left, Tensor values, Tensor right) = linalg.svd(Product(weight), fullMatrices: false);
            return (left, values.data<double>().ToArray(), right);
        }

        Dictionary<string, Tensor> parts = Doubles();
        double scale = parts.TryGetValue(PlainParts.Alpha, out Tensor? alpha) ? alpha.sum().item<double>() / Rank : ScaleOf(Rank);
        Tensor scaledUp = PlainKinds.Scaled(PlainKinds.Flat(parts[PlainParts.Up]), scale);
        (Tensor leftQ, Tensor leftR) = linalg.qr(scaledUp, linalg.QRMode.Reduced);
        (Tensor rightQ, Tensor rightR) = linalg.qr(PlainKinds.Flat(parts[PlainParts.Down]).t(), linalg.QRMode.Reduced);
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(leftR.matmul(rightR.t()), fullMatrices: false);
        return (leftQ.matmul(u), s.data<double>().ToArray(), vh.matmul(rightQ.t()));
    }

    private static PlainKind? KindOf(string part) =>
        part switch
        {
            PlainParts.Down or PlainParts.Up or "lora_mid" => PlainKind.LoRA,
            "a1" or "a2" or "b1" or "b2" => PlainKind.GLoRA,
            "lora_embedding_A" or "lora_embedding_B" => PlainKind.Embedding,
            "diff" => PlainKind.Difference,
            _ when part.StartsWith("hada_", StringComparison.Ordinal) => PlainKind.LoHa,
            _ when part.StartsWith("lokr_", StringComparison.Ordinal) => PlainKind.LoKr,
            _ => null,
        };

    private long[] FindShape()
    {
        if (IsPair)
        {
            return [Parts[PlainParts.Up].Shape[0], .. Parts[PlainParts.Down].Shape.Skip(1)];
        }

        using DisposeScope scope = NewDisposeScope();
        return PlainKinds.ChangeOf(Doubles(), null, ScaleOf)!.shape;
    }
}
