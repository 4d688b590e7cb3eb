using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using ResizeLora.Files;

namespace ResizeLora.Tests;

/// <summary>Makes safetensors files, right and wrong ones, without the engine's writer.</summary>
internal static class SampleFiles
{
    /// <summary>A file of a header's text, whatever it says, and that many zero bytes of data.</summary>
    public static byte[] Raw(string header, int dataLength = 0) => Raw(Encoding.UTF8.GetBytes(header), new byte[dataLength]);

    /// <summary>A file of a header's bytes and of data.</summary>
    public static byte[] Raw(byte[] header, byte[] data)
    {
        byte[] file = new byte[sizeof(ulong) + header.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, sizeof(ulong));
        data.CopyTo(file, sizeof(ulong) + header.Length);
        return file;
    }

    /// <summary>Writes tensors in the order in which they come.</summary>
    public static string Write(string path, IEnumerable<SampleTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var header = new JsonObject();
        if (metadata is { Count: > 0 })
        {
            header.Add("__metadata__", new JsonObject(metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))));
        }

        using var data = new MemoryStream();
        foreach (SampleTensor tensor in tensors)
        {
            header.Add(
                tensor.Name,
                new JsonObject
                {
                    ["dtype"] = TensorTypes.NameOf(tensor.Type),
                    ["shape"] = new JsonArray([.. tensor.Shape]),
                    ["data_offsets"] = new JsonArray(data.Length, data.Length + tensor.Bytes.Length),
                }
            );
            data.Write(tensor.Bytes);
        }

        File.WriteAllBytes(path, Raw(Encoding.UTF8.GetBytes(header.ToJsonString()), data.ToArray()));
        return path;
    }
}
