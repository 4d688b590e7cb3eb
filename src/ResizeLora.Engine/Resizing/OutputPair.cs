using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.Resizing;

/// <summary>
/// A pair of factors in an output: that of a layer, or the one that the blocks of a fused layer share. It has the names of the input, and
/// an alpha where the input has one.
/// </summary>
internal sealed class OutputPair
{
    private OutputPair(AdapterLayer stored)
    {
        Stored = stored;
    }

    /// <summary>The layer as the input stores it.</summary>
    public AdapterLayer Stored { get; }

    /// <summary>The layers of the pair, by their places in the plan: one, or the blocks in their order.</summary>
    public List<int> Layers { get; } = [];

    /// <summary>Gathers the pairs of layers.</summary>
    /// <param name="layers">The layers of a plan.</param>
    public static IReadOnlyList<OutputPair> Of(IReadOnlyList<AdapterLayer> layers)
    {
        var pairs = new List<OutputPair>(layers.Count);
        var fused = new Dictionary<FusedFactors, OutputPair>(ReferenceEqualityComparer.Instance);
        for (int index = 0; index < layers.Count; index++)
        {
            AdapterLayer layer = layers[index];
            OutputPair? pair = null;
            if (layer.Fused is null || !fused.TryGetValue(layer.Fused, out pair))
            {
                pairs.Add(pair = new OutputPair(layer.Fused?.Whole ?? layer));
                if (layer.Fused is not null)
                {
                    fused.Add(layer.Fused, pair);
                }
            }

            pair.Layers.Add(index);
        }

        return pairs;
    }

    /// <summary>The alpha that is written, and what of the scale goes into the factors.</summary>
    /// <param name="rank">The pair's rank, at least 1.</param>
    /// <param name="type">The output's type.</param>
    public OutputAlpha AlphaFor(int rank, TensorType type)
    {
        if (Stored.KeepsAlpha)
        {
            return OutputAlpha.Create(Stored.Scale, rank, type);
        }

        // Some readers of these spellings leave alpha out of account: it is written equal to the rank, or not at all.
        OutputAlpha equal = OutputAlpha.Create(1, rank, type);
        return equal with { Gain = (Stored.AlphaTensor is null ? 1 : equal.Gain) * Stored.Scale };
    }

    /// <summary>The tensors that are written.</summary>
    /// <param name="rank">The pair's rank, at least 1.</param>
    /// <param name="type">The output's type.</param>
    public IEnumerable<(string Name, TensorType Type, IReadOnlyList<long> Shape)> Tensors(int rank, TensorType type)
    {
        if (Stored.AlphaTensor is { } alpha)
        {
            yield return (alpha.Name, AlphaFor(rank, type).Type, alpha.Shape);
        }

        // A file's own factors keep the number of their dimensions.
        IReadOnlyList<long> inputs = Stored.StoredTensors is null ? [.. Stored.Down.Shape.Skip(1)] : Stored.InputShape;
        IReadOnlyList<long> units = Stored.StoredTensors is null
            ? [.. Stored.Up.Shape.Skip(2)]
            : [.. Enumerable.Repeat(1L, inputs.Count - 1)];
        yield return (Stored.DownName, type, [rank, .. inputs]);
        yield return (Stored.UpName, type, [Stored.OutFeatures, rank, .. units]);
    }
}
