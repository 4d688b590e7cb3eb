using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>One layer of an adapter of any family, gathered from its tensors' names and shapes.</summary>
/// <param name="name">The layer's name.</param>
internal sealed class InventoriedLayer(string name)
{
    private AdapterKind? family;
    private bool largeKernel;
    private bool hasInputGain;
    private bool hasOutputGain;

    /// <summary>The layer's name in its trainer's dialect.</summary>
    public string Name { get; } = name;

    /// <summary>What the layer's name says.</summary>
    public LayerSpelling Spelling { get; } = LayerSpelling.Read(name);

    /// <summary>The part of the model that the layer changes.</summary>
    public Component Component { get; set; }

    /// <summary>The family of the layer.</summary>
    public AdapterKind Kind => family == AdapterKind.LoRA && largeKernel ? AdapterKind.LoCon : family ?? AdapterKind.Full;

    /// <summary>The rank, or null for a family that has none.</summary>
    public int? Rank { get; private set; }

    /// <summary>The columns of the factor A; null where there is none.</summary>
    public long? InFeatures { get; private set; }

    /// <summary>The rows of the factor B; null where there is none.</summary>
    public long? OutFeatures { get; private set; }

    /// <summary>The tensor that holds alpha, or null.</summary>
    public TensorEntry? Alpha { get; private set; }

    /// <summary>Whether the tensors make a layer: alpha alone does not, nor does a name that GLoRA shares with others.</summary>
    public bool IsComplete => family is not null && (family != AdapterKind.GLoRA || (hasInputGain && hasOutputGain));

    /// <summary>Adds a tensor of the layer.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="part">What its name says.</param>
    public void Add(TensorEntry tensor, AdapterTensorName part)
    {
        if (part.Kind is not { } kind)
        {
            Alpha = tensor.ElementCount == 1 && part.Part == AdapterPart.Alpha ? tensor : Alpha;
            return;
        }

        // A difference of the bias beside factors does not make the layer a whole difference, and a magnitude beside LoHa's stays LoHa.
        family = family is null || Precedence(kind) > Precedence(family.Value) ? kind : family;
        hasInputGain |= tensor.Name.EndsWith(".a1.weight", StringComparison.Ordinal);
        hasOutputGain |= tensor.Name.EndsWith(".b1.weight", StringComparison.Ordinal);
        AddShape(tensor.Shape, part.Rank);
    }

    private static int Precedence(AdapterKind kind) =>
        kind switch
        {
            AdapterKind.Full => 0,
            AdapterKind.LoRA => 1,
            AdapterKind.DoRA => 2,
            _ => 3,
        };

    private void AddShape(IReadOnlyList<long> shape, AdapterTensorName.RankPlace place)
    {
        if (shape.Count < 2 || place == AdapterTensorName.RankPlace.None)
        {
            return;
        }

        long rank = place switch
        {
            AdapterTensorName.RankPlace.First => shape[0],
            AdapterTensorName.RankPlace.Second => shape[1],
            _ => Math.Min(shape[0], shape[1]),
        };
        Rank ??= (int)Math.Min(rank, int.MaxValue);
        if (place == AdapterTensorName.RankPlace.Second)
        {
            OutFeatures ??= shape[0];
        }

        if (place == AdapterTensorName.RankPlace.First)
        {
            InFeatures ??= shape[1];
            largeKernel |= shape.Skip(2).Any(static dimension => dimension > 1);
        }
    }
}
