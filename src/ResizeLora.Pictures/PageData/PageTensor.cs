using System.Text.Json;
using ResizeLora.Files;

namespace ResizeLora.Pictures.PageData;

/// <summary>A tensor that an output may hold.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Shape">Its sides; <see cref="Rank"/> stands for the rank that is kept.</param>
internal readonly record struct PageTensor(string Name, TensorType Type, IReadOnlyList<long> Shape)
{
    /// <summary>Stands for the rank among the sides of a tensor.</summary>
    public const int Rank = -1;

    /// <summary>A tensor of the input.</summary>
    /// <param name="entry">The tensor.</param>
    public static PageTensor Of(TensorEntry entry) => new(entry.Name, entry.Type, entry.Shape);

    /// <summary>A tensor of a layout.</summary>
    /// <param name="tensor">Name, type and shape.</param>
    public static PageTensor Of((string Name, TensorType Type, IReadOnlyList<long> Shape) tensor) =>
        new(tensor.Name, tensor.Type, tensor.Shape);
}

/// <summary>The names and types of all tensors that an output may hold, each written once.</summary>
internal sealed class PageTensorIndex
{
    private readonly string[] names;
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private readonly List<TensorType> types = [PageFile.OutputType, TensorType.Float32];

    /// <summary>Gathers names and types.</summary>
    /// <param name="tensors">The tensors.</param>
    public PageTensorIndex(IEnumerable<PageTensor> tensors)
    {
        PageTensor[] all = [.. tensors];
        names = [.. all.Select(static tensor => tensor.Name).Distinct(StringComparer.Ordinal)];
        Array.Sort(names, SafetensorsLayout.CompareAsUtf8);
        for (int place = 0; place < names.Length; place++)
        {
            places.Add(names[place], place);
        }

        types.AddRange(all.Select(static tensor => tensor.Type).Distinct().Except(types));
    }

    /// <summary>Writes the types, and how long each name is in a header.</summary>
    /// <param name="json">Takes them.</param>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartArray("types");
        foreach (TensorType type in types)
        {
            json.WriteStartObject();
            json.WriteString("name", TensorTypes.NameOf(type));
            json.WriteNumber("order", (int)type);
            json.WriteNumber("bits", TensorTypes.BitsOf(type));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("outputType", types.IndexOf(PageFile.OutputType));
        json.WriteNumber("wideType", types.IndexOf(TensorType.Float32));
        json.WriteStartArray("nameBytes");
        foreach (string name in names)
        {
            json.WriteNumberValue(HeaderText.ByteLengthOf(name));
        }

        json.WriteEndArray();
    }

    /// <summary>Writes tensors.</summary>
    /// <param name="json">Takes them.</param>
    /// <param name="tensors">The tensors.</param>
    public void WriteTensors(Utf8JsonWriter json, IReadOnlyList<PageTensor> tensors)
    {
        json.WriteStartArray();
        foreach (PageTensor tensor in tensors)
        {
            json.WriteStartArray();
            json.WriteNumberValue(places[tensor.Name]);
            json.WriteNumberValue(types.IndexOf(tensor.Type));
            foreach (long side in tensor.Shape)
            {
                json.WriteNumberValue(side);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>Writes an alpha, whose type depends on the rank.</summary>
    /// <param name="json">Takes it.</param>
    /// <param name="alpha">The alpha, or null.</param>
    public void WriteAlpha(Utf8JsonWriter json, PageAlpha? alpha)
    {
        if (alpha is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteNumber("name", places[alpha.Tensor.Name]);
        json.WriteStartArray("shape");
        foreach (long side in alpha.Tensor.Shape)
        {
            json.WriteNumberValue(side);
        }

        json.WriteEndArray();
        json.WriteStartArray("wide");
        foreach (int rank in alpha.WideRanks)
        {
            json.WriteNumberValue(rank);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
