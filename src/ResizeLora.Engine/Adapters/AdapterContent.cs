using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Tells one LoRA from another by content, at the price of its header and a few blocks.</summary>
internal static class AdapterContent
{
    // A trainer changes every number, so that few blocks tell two trainings apart.
    private const int BlockCount = 4;

    /// <summary>
    /// The key of a LoRA: a hash of what its header says, of its alphas, of the content hash that trainers put into the metadata,
    /// of a merge's sources and weights, and of blocks of its data. Copies and renamed files have the same.
    /// </summary>
    /// <param name="adapter">The open LoRA.</param>
    /// <returns>16 hexadecimal digits.</returns>
    public static string KeyOf(Adapter adapter)
    {
        var hash = new XxHash3();
        hash.Append(TensorPieces.HashStructure(adapter.File.Header));
        Span<byte> alpha = stackalloc byte[sizeof(double)];
        foreach (AdapterLayer layer in adapter.Layers.Concat(adapter.LayersOverBase).DistinctBy(static layer => layer.Name))
        {
            BinaryPrimitives.WriteDoubleLittleEndian(alpha, layer.Alpha);
            hash.Append(alpha);
        }

        foreach (string key in (string[])["sshs_model_hash", LoraMerger.MergeKey])
        {
            hash.Append(Encoding.UTF8.GetBytes($"{adapter.Metadata.GetValueOrDefault(key)}\n"));
        }

        TensorPieces.ReadSample(adapter.File, BlockCount, hash.Append);
        return Convert.ToHexString(hash.GetCurrentHash()).ToLowerInvariant();
    }
}
