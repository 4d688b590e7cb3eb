using System.Text.Json;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace ResizeLora.KeyLists;

/// <summary>The low-rank layers of a file by their definition: names taken apart by a list of endings, ΔW in double precision.</summary>
internal static partial class PlainLora
{
    /// <summary>What a tensor's name says: the layer, and which factor it is.</summary>
    public readonly record struct Part(string Layer, bool IsUp);

    private static readonly (string Ending, bool IsUp)[] Endings =
    [
        (".lora_down.weight", false),
        (".lora_up.weight", true),
        (".lora_A.default.weight", false),
        (".lora_B.default.weight", true),
        (".lora_A.weight", false),
        (".lora_B.weight", true),
        (".lora.down.weight", false),
        (".lora.up.weight", true),
        (".lora_linear_layer.down.weight", false),
        (".lora_linear_layer.up.weight", true),
    ];

    // What makes a layer more than the product of two factors.
    private static readonly string[] Beyond =
    [
        ".lora_mid.weight",
        ".dora_scale",
        ".lora_magnitude_vector",
        ".lora_magnitude_vector.weight",
        ".magnitude",
        ".diff",
        ".reshape_weight",
    ];

    /// <summary>The factor that a tensor is, or null.</summary>
    public static Part? PartOf(string name)
    {
        foreach ((string ending, bool isUp) in Endings)
        {
            if (name.EndsWith(ending, StringComparison.Ordinal))
            {
                return new Part(name[..^ending.Length], isUp);
            }
        }

        // attn1.processor.to_q_lora.down.weight of diffusers, processor.qkv_lora1.down.weight of XLabs.
        Match old = OldPattern().Match(name);
        return old.Success ? new Part(old.Groups[1].Value, old.Groups[2].Value == "up") : null;
    }

    /// <summary>The layers of a file.</summary>
    /// <param name="list">The file.</param>
    public static IReadOnlyList<PlainLayer> LayersOf(KeyList list)
    {
        Dictionary<string, ListedTensor> byName = list.Tensors.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        var layers = new List<PlainLayer>();
        foreach (
            IGrouping<string, (Part? Part, ListedTensor Tensor)> group in list
                .Tensors.Select(static tensor => (Part: PartOf(tensor.Name), Tensor: tensor))
                .Where(static pair => pair.Part is not null)
                .GroupBy(static pair => pair.Part!.Value.Layer, StringComparer.Ordinal)
        )
        {
            ListedTensor up = group.Single(static pair => pair.Part!.Value.IsUp).Tensor;
            ListedTensor down = group.Single(static pair => !pair.Part!.Value.IsUp).Tensor;
            ListedTensor? alpha = byName.GetValueOrDefault($"{group.Key}.alpha");
            if (Array.Exists(Beyond, ending => byName.ContainsKey(group.Key + ending)))
            {
                continue;
            }

            double rank = down.Shape[0];
            double scale = alpha is not null ? alpha.Numbers()[0] / rank : ScaleOf(list, group.Key, rank);
            layers.Add(new PlainLayer(group.Key, up, down, alpha, scale));
        }

        return layers;
    }

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

    [GeneratedRegex(@"^(.*(?:\.processor\.(?:to_(?:q|k|v|out)(?=_lora)|(?:qkv|proj)_lora[12]?(?=\.))))(?:_lora)?\.(down|up)\.weight$")]
    private static partial Regex OldPattern();
}

/// <summary>One layer: ΔW = scale · up · down.</summary>
internal sealed record PlainLayer(string Name, ListedTensor Up, ListedTensor Down, ListedTensor? Alpha, double Scale)
{
    /// <summary>The rank.</summary>
    public int Rank => (int)Down.Shape[0];

    /// <summary>The shape of ΔW, without a kernel of one.</summary>
    public string WeightShape => PlainBase.TextOf([Up.Shape[0], .. Down.Shape.Skip(1)]);

    /// <summary>B, with the scale in it.</summary>
    public Tensor ScaledUp() =>
        tensor(Array.ConvertAll(Up.Numbers(), number => number * Scale), ScalarType.Float64).reshape(Up.Shape[0], Rank);

    /// <summary>A.</summary>
    public Tensor FlatDown() => tensor(Down.Numbers(), ScalarType.Float64).reshape(Rank, -1);

    /// <summary>ΔW.</summary>
    public Tensor Product() => ScaledUp().matmul(FlatDown());

    /// <summary>The singular value decomposition of ΔW through two QR decompositions.</summary>
    public (Tensor U, double[] SingularValues, Tensor Vh) Decompose()
    {
        (Tensor leftQ, Tensor leftR) = linalg.qr(ScaledUp(), linalg.QRMode.Reduced);
        (Tensor rightQ, Tensor rightR) = linalg.qr(FlatDown().t(), linalg.QRMode.Reduced);
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(leftR.matmul(rightR.t()), fullMatrices: false);
        return (leftQ.matmul(u), s.data<double>().ToArray(), vh.matmul(rightQ.t()));
    }
}
