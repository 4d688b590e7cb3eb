using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Conversion;

/// <summary>A converted file as it is put together: its tensors, and what of the input it lacks.</summary>
/// <param name="adapter">The input.</param>
internal sealed class ConversionDraft(Adapter adapter)
{
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly List<ConvertedTensor> tensors = [];
    private readonly List<ConvertedPair> pairs = [];
    private readonly List<UnwrittenLayer> leftBehind = [];

    /// <summary>The tensors, in the order in which they were added.</summary>
    public IReadOnlyList<ConvertedTensor> Tensors => tensors;

    /// <summary>The pairs of factors among them.</summary>
    public IReadOnlyList<ConvertedPair> Pairs => pairs;

    /// <summary>The layers and tensors of the input that it lacks.</summary>
    public IReadOnlyList<UnwrittenLayer> LeftBehind => leftBehind;

    /// <summary>Whether magnitudes of DoRA are among the tensors.</summary>
    public bool HasMagnitudes { get; set; }

    /// <summary>Whether changes of biases are among the tensors.</summary>
    public bool HasBiases { get; set; }

    /// <summary>Leaves a layer or tensor of the input out.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="reason">Why, a clause.</param>
    /// <param name="what">What the reason comes to.</param>
    public void Leave(string name, string reason, UnwrittenCase what = UnwrittenCase.NoPlace) =>
        leftBehind.Add(new UnwrittenLayer(name, reason, what));

    /// <summary>Leaves layers of the input out, a fused one as a whole.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="reason">Why, a clause.</param>
    /// <param name="what">What the reason comes to.</param>
    public void Leave(IEnumerable<AdapterLayer> layers, string reason, UnwrittenCase what = UnwrittenCase.NoPlace)
    {
        foreach (string name in layers.Select(static layer => (layer.Fused?.Whole ?? layer).Name).Distinct())
        {
            Leave(name, reason, what);
        }
    }

    /// <summary>Adds a pair of factors.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="down">The name of A.</param>
    /// <param name="up">The name of B.</param>
    /// <param name="source">The layer of the input.</param>
    public void AddPair(ConvertedPair pair, string down, string up, string source)
    {
        pairs.Add(pair);
        Add(down, pair.Types.Down, pair.DownShape, pair.WriteDown, source);
        Add(up, pair.Types.Up, pair.UpShape, pair.WriteUp, source);
    }

    /// <summary>Adds the alpha of a pair.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="source">The layer of the input.</param>
    public void AddAlpha(ConvertedPair pair, string source)
    {
        byte[] alpha = OutputAlpha.Create(pair.Scale, pair.Rank, TensorType.Float32).Bytes;
        Add(pair.Name + PartSuffixes.Alpha, TensorType.Float32, [], sink => sink(alpha), source);
    }

    /// <summary>Adds a tensor of the input as it is.</summary>
    /// <param name="name">Its new name.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="source">The layer of the input.</param>
    public void AddCopy(string name, TensorEntry tensor, string source) =>
        Add(name, tensor.Type, tensor.Shape, sink => adapter.Verified.ReadPieces(tensor, sink), source);

    /// <summary>Adds a tensor of the input in the type that is asked for: a factor, not alpha and not magnitudes.</summary>
    /// <param name="name">Its new name.</param>
    /// <param name="part">The tensor.</param>
    /// <param name="asked">The type; null where it stays.</param>
    /// <param name="source">The layer of the input.</param>
    public void AddCast(string name, LayerTensor part, TensorType? asked, string source)
    {
        TensorEntry tensor = part.Tensor;
        bool isFactor =
            part.Name.Kind is AdapterKind.LoRA or AdapterKind.LoHa or AdapterKind.LoKr or AdapterKind.GLoRA or AdapterKind.Full
            && part.Name.Part != AdapterPart.Beside
            && TensorTypes.IsWeight(tensor.Type);
        if (asked is not { } type || !isFactor || type == tensor.Type)
        {
            AddCopy(name, tensor, source);
            return;
        }

        Add(
            name,
            type,
            tensor.Shape,
            sink =>
            {
                double[] numbers = WeightNumbers.ToDoubles(tensor.Type, adapter.File.Read(tensor));
                byte[] bytes = NumberEncoder.Encode(type, numbers);
                sink(
                    FiniteWeights.Are(type, bytes) || !Array.TrueForAll(numbers, double.IsFinite)
                        ? bytes
                        : throw new AdapterException(adapter.Path, source, "Overflow", $"its numbers are too large for {type}.")
                );
            },
            source
        );
    }

    /// <summary>Adds a tensor; where another has its name, the layer is left behind.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="write">Writes its bytes.</param>
    /// <param name="source">The layer of the input.</param>
    public void Add(string name, TensorType type, IReadOnlyList<long> shape, Action<TensorPieces.Handler> write, string source)
    {
        if (names.Add(name))
        {
            tensors.Add(new ConvertedTensor(name, type, shape, write));
        }
        else
        {
            Leave(source, "another layer has its new name");
        }
    }
}
