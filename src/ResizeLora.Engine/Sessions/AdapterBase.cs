using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Sessions;

/// <summary>One adapter joined with one base model: each layer with the weight that it changes, found once.</summary>
public sealed class AdapterBase
{
    private readonly Dictionary<string, BaseWeight> weights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BaseWeight> misfits = new(StringComparer.Ordinal);

    /// <summary>Joins an adapter with a base model.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="checkpoint">The base model; stays the caller's.</param>
    public AdapterBase(Adapter adapter, Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(checkpoint);
        Checkpoint = checkpoint;
        bool isOneTable = adapter.Architecture is not null && adapter.Architecture == checkpoint.Architecture;
        AdapterLayer[] layers = [.. adapter.Layers, .. adapter.LayersOverBase];
        foreach (AdapterLayer layer in layers)
        {
            if (((isOneTable ? checkpoint.FindByKey(layer) : null) ?? checkpoint.Find(layer)) is { } weight)
            {
                BaseWeight? grouped = weight.Fits(layer) ? null : weight.InGroupsOf(layer);
                bool fits = grouped is not null || weight.Fits(layer);
                (fits ? weights : misfits)[layer.Name] = grouped ?? weight;
                MirroredCount += fits && weight.Mirrors(layer.Spelling.Module) ? 1 : 0;
            }
        }

        bool? isSame = adapter.Architecture is { } mine && checkpoint.Architecture is { } theirs ? ShareLayers(mine, theirs) : null;
        IsOfAnotherFamily =
            layers.Length > 0 && (weights.Count == 0 || isSame == false || (isSame is null && misfits.Count > weights.Count));
    }

    /// <summary>The base model.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>
    /// Whether the adapter was made for another kind of model: no layer fits, most have other shapes, or the names tell two families.
    /// </summary>
    public bool IsOfAnotherFamily { get; }

    /// <summary>How many layers have a weight of their shape.</summary>
    public int FittingCount => weights.Count;

    /// <summary>How many of them have the base model's own name.</summary>
    internal int MirroredCount { get; }

    /// <summary>The weight of a layer; null where there is none of its name and shape.</summary>
    /// <param name="layer">The layer's name.</param>
    public BaseWeight? Find(string layer) => weights.GetValueOrDefault(layer);

    /// <summary>The weight of a layer's name that has another shape, or null.</summary>
    /// <param name="layer">The layer's name.</param>
    public BaseWeight? FindMisfit(string layer) => misfits.GetValueOrDefault(layer);

    /// <summary>Gives the layers that need their base weights those weights, and takes them among the adapter's layers.</summary>
    /// <param name="adapter">The adapter.</param>
    internal void BindLayersOverBase(Adapter adapter)
    {
        AdapterLayer[] bound = [.. adapter.LayersOverBase.Where(layer => weights.ContainsKey(layer.Name))];
        foreach (AdapterLayer layer in bound)
        {
            layer.OverBase!.Bind(new BaseWeightFactor(weights[layer.Name]));
        }

        adapter.Include(bound);
    }

    /// <summary>A layer whose weight has another shape, with both shapes, as a sentence; empty when there is none.</summary>
    /// <param name="adapter">The adapter.</param>
    internal string DescribeMisfit(Adapter adapter) =>
        adapter.Layers.Concat(adapter.LayersOverBase).FirstOrDefault(layer => misfits.ContainsKey(layer.Name)) is { } layer
            ? $" The layer '{layer.Name}' changes a weight of {AdapterLayer.TextOf(layer.WeightShape)}, "
                + $"and the base model's is {misfits[layer.Name].ShapeText}."
            : string.Empty;

    private static bool ShareLayers(Architecture mine, Architecture theirs) =>
        mine.SharesLayersWith(theirs) || theirs.SharesLayersWith(mine);
}

/// <summary>A base weight as a matrix whose rows can be read.</summary>
/// <param name="weight">The weight.</param>
internal sealed class BaseWeightFactor(BaseWeight weight) : IFactor
{
    /// <inheritdoc/>
    public TensorType Type => weight.Type;

    /// <inheritdoc/>
    public int Rows => weight.Rows;

    /// <inheritdoc/>
    public int Columns => weight.Columns;

    /// <inheritdoc/>
    public void ReadRows(int first, int count, Span<byte> destination) => weight.Read(first, destination);
}
