using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Conversion;

/// <summary>Chooses the types that a converted file's factors are written in.</summary>
/// <param name="asked">The type that is asked for; null where types stay.</param>
internal sealed class ConversionTypes(OutputType? asked)
{
    /// <summary>The type that is asked for; null where types stay.</summary>
    public TensorType? Asked { get; } =
        asked switch
        {
            null => null,
            OutputType.BFloat16 => TensorType.BFloat16,
            OutputType.Float32 => TensorType.Float32,
            _ => TensorType.Float16,
        };

    /// <summary>The types of the two factors of an output's layer.</summary>
    /// <param name="parts">What the layer is made of.</param>
    /// <param name="isFolded">Whether some of the scale goes into B.</param>
    public (TensorType Down, TensorType Up) Of(IReadOnlyList<FactorRows> parts, bool isFolded)
    {
        TensorType down = TypeFor(parts.SelectMany(static part => StoredTypes(part.Layer, part.Layer.Down)), isFolded: false);
        return (down, TypeFor(parts.SelectMany(static part => StoredTypes(part.Layer, part.Layer.Up)), isFolded));
    }

    // Factors that are computed are written in the type of what they are computed from.
    private static IEnumerable<TensorType> StoredTypes(AdapterLayer layer, TensorEntry factor) =>
        layer.StoredTensors is { } stored
            ? stored
                .Where(tensor => tensor != layer.AlphaTensor && tensor != layer.Magnitude && TensorTypes.IsWeight(tensor.Type))
                .Select(static tensor => TensorTypes.BytesOf(tensor.Type) == 1 ? TensorType.BFloat16 : tensor.Type)
            : [factor.Type];

    private TensorType TypeFor(IEnumerable<TensorType> types, bool isFolded)
    {
        if (Asked is { } type)
        {
            return type;
        }

        TensorType[] distinct = [.. types.Distinct()];

        // Numbers of eight bits are not computed with; BFloat16 holds them all.
        return distinct is [var only]
            ? isFolded && TensorTypes.BytesOf(only) == 1
                ? TensorType.BFloat16
                : only
            : distinct.Contains(TensorType.Float64)
                ? TensorType.Float64
                : TensorType.Float32;
    }
}
