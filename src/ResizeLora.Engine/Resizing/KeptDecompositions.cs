using ResizeLora.Adapters;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>Which decompositions are kept until their file is written, so that memory is bounded.</summary>
internal static class KeptDecompositions
{
    // What a full SDXL LoHa of rank 16 needs, and a little more; a LoRA of rank 128 needs half of it.
    private const long MostBytes = 544L << 20;

    /// <summary>The layers whose matrices are kept, the small ones; those of the largest are found again when they are written.</summary>
    /// <param name="layers">All layers of a file.</param>
    public static HashSet<AdapterLayer> Of(IReadOnlyList<AdapterLayer> layers)
    {
        var kept = new HashSet<AdapterLayer>(ReferenceEqualityComparer.Instance);
        long bytes = 0;
        foreach (AdapterLayer layer in layers.OrderBy(LayerDecomposer.BytesOf))
        {
            bytes += LayerDecomposer.BytesOf(layer);
            if (bytes > MostBytes)
            {
                break;
            }

            kept.Add(layer);
        }

        return kept;
    }
}
