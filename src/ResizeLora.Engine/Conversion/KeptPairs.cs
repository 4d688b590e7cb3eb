using ResizeLora.Adapters;
using ResizeLora.Dialects;

namespace ResizeLora.Conversion;

/// <summary>Writes layers that are pairs of factors under the names that they have; their kind or type may change.</summary>
/// <param name="adapter">The input.</param>
/// <param name="tensors">The input's tensors by layer.</param>
/// <param name="draft">Takes the output's tensors.</param>
/// <param name="types">The types of the factors.</param>
internal sealed class KeptPairs(Adapter adapter, LayerTensors tensors, ConversionDraft draft, ConversionTypes types)
{
    /// <summary>Adds a layer.</summary>
    /// <param name="layer">The layer, a fused one as a whole.</param>
    public void Add(AdapterLayer layer)
    {
        bool isStored = layer.StoredTensors is null;
        bool hasSettings = adapter.SettingsText is not null;
        FactorRows rows = new(layer, [new RowRun(0, 0, layer.OutFeatures)]);
        bool writesAlpha = isStored ? layer.AlphaTensor is not null : !hasSettings && !HasScaleInSettings(layer);
        double scale = isStored || writesAlpha || hasSettings ? layer.Scale : 1;
        var pair = new ConvertedPair(
            adapter.Verified,
            layer.Name,
            [new FactorColumns([rows])],
            layer.OutFeatures,
            types.Of([rows], isFolded: scale != layer.Scale),
            scale
        );
        draft.AddPair(pair, layer.DownName, layer.UpName, layer.Name);
        if (writesAlpha && !isStored)
        {
            draft.AddAlpha(pair, layer.Name);
        }

        foreach (LayerTensor part in tensors.Of(layer))
        {
            bool isTaken = isStored
                ? part.Tensor != layer.Down && part.Tensor != layer.Up
                : part.Name.Part != AdapterPart.Alpha && part.IsSide;
            if (isTaken)
            {
                draft.AddCopy(part.Tensor.Name, part.Tensor, layer.Name);
            }
        }
    }

    private static bool HasScaleInSettings(AdapterLayer layer) => layer.Spelling.Dialect is AdapterDialect.Diffusers or AdapterDialect.Peft;
}
