using System.Buffers.Binary;
using System.Text.Json;
using ResizeLora.Files;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.Pictures.PageData;

/// <summary>
/// What the script of a page needs to know of one LoRA file: the singular values, what they are measured against, and what an output's
/// header and tensors take, so that it finds the numbers of Measure-LoraResize for any recipe.
/// </summary>
internal static class PageFile
{
    /// <summary>The type that factors are written in, as Resize-Lora does unless another is asked for.</summary>
    public const TensorType OutputType = TensorType.Float16;

    private const OutputKind Kind = OutputKind.Smallest;

    /// <summary>Writes the data of a file as one JSON object.</summary>
    /// <param name="job">The file, decomposed.</param>
    public static byte[] Write(ResizeJob job)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            Write(json, job);
        }

        return bytes.ToArray();
    }

    private static void Write(Utf8JsonWriter json, ResizeJob job)
    {
        PagePair[] pairs = [.. OutputPair.Of([.. job.Layers.Select(static layer => layer.Source)]).Select(pair => PagePair.Of(pair, job))];
        PageTensor[] copied = [.. job.Adapter.OtherTensors.Select(static entry => PageTensor.Of(entry))];
        var index = new PageTensorIndex(copied.Concat(pairs.SelectMany(static pair => pair.All)));

        json.WriteStartObject();
        json.WriteString("name", Path.GetFileName(job.SourcePath));
        json.WriteString("path", job.SourcePath);
        WriteMerge(json, job);
        json.WriteStartArray("checkpoints");
        foreach (string origin in job.Checkpoint?.Origins ?? [])
        {
            json.WriteStringValue(origin);
        }

        json.WriteEndArray();
        json.WriteNumber("length", job.SourceLength);
        index.WriteTo(json);
        json.WritePropertyName("copied");
        index.WriteTensors(json, copied);
        var peft = PagePeft.Of(job.Adapter);
        PageMetadata.Write(json, job, peft, OutputType, Kind);
        WriteLayers(json, job.Layers);
        json.WriteBase64String("singularValues", Bytes(job.Layers.SelectMany(static layer => layer.ProductSingularValues)));
        WriteSubspaceScales(json, job);
        json.WriteStartArray("pairs");
        foreach (PagePair pair in pairs)
        {
            pair.WriteTo(json, index, peft);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMerge(Utf8JsonWriter json, ResizeJob job)
    {
        if (job.Adapter.Merge is not { } merge)
        {
            json.WriteNull("merge");
            return;
        }

        json.WriteStartArray("merge");
        foreach (Adapters.MergeSource source in merge.Sources)
        {
            json.WriteStartObject();
            json.WriteString("path", source.Path);
            json.WriteNumber("weight", source.Weight);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteLayers(Utf8JsonWriter json, IReadOnlyList<LayerSpectrum> layers)
    {
        void Column(string name, Action<LayerSpectrum> write)
        {
            json.WriteStartArray(name);
            foreach (LayerSpectrum layer in layers)
            {
                write(layer);
            }

            json.WriteEndArray();
        }

        void Number(double? value)
        {
            if (value is { } known)
            {
                json.WriteNumberValue(known);
            }
            else
            {
                json.WriteNullValue();
            }
        }

        json.WriteStartObject("layers");
        Column("name", layer => json.WriteStringValue(layer.Layer));
        Column("component", layer => json.WriteStringValue(layer.Component.ToString()));
        Column("block", layer => json.WriteStringValue(layer.Block));
        Column("kind", layer => json.WriteStringValue(layer.Kind.ToString()));
        Column("adapterKind", layer => json.WriteStringValue(layer.AdapterKind.ToString()));
        Column("out", layer => json.WriteNumberValue(layer.OutFeatures));
        Column("in", layer => json.WriteNumberValue(layer.InFeatures));
        Column("rank", layer => json.WriteNumberValue(layer.Rank));
        Column("scale", layer => json.WriteNumberValue(Math.Abs(layer.Source.Scale)));
        Column("count", layer => json.WriteNumberValue(layer.SingularValues.Length));
        Column("baseSpectral", layer => Number(layer.BaseSpectralNorm));
        Column("baseFrobenius", layer => Number(layer.BaseFrobeniusNorm));
        Column("changeNorm", layer => Number(layer.Effect?.ChangeNorm));
        Column("mustStay", layer => json.WriteNumberValue(OutputPlanner.MustStay(layer) ? 1 : 0));
        WriteOrders(json, layers);
        json.WriteEndObject();
    }

    // Which singular value of a Kronecker product's second half makes which of the product.
    private static void WriteOrders(Utf8JsonWriter json, IReadOnlyList<LayerSpectrum> layers)
    {
        json.WriteStartObject("order");
        for (int layer = 0; layer < layers.Count; layer++)
        {
            if (layers[layer].Kronecker is { } order)
            {
                byte[] seconds = new byte[order.Pairs.Length * sizeof(int)];
                for (int dimension = 0; dimension < order.Pairs.Length; dimension++)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(seconds.AsSpan(dimension * sizeof(int)), order.Pairs[dimension].Second);
                }

                json.WriteStartObject(layer.ToString(System.Globalization.CultureInfo.InvariantCulture));
                json.WriteBase64String("second", seconds);
                json.WriteNumber("rank", order.SecondCount);
                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
    }

    private static void WriteSubspaceScales(Utf8JsonWriter json, ResizeJob job)
    {
        IReadOnlyList<double>?[] scales = [.. job.Layers.Select(layer => job.SubspaceScalesOf(layer.Layer))];
        if (Array.TrueForAll(scales, static layer => layer is null))
        {
            json.WriteNull("subspaceScales");
            return;
        }

        IEnumerable<double> values = job
            .Layers.Zip(scales)
            .SelectMany(static layer => layer.Second ?? Enumerable.Repeat(double.NaN, layer.First.SingularValues.Length));
        json.WriteBase64String("subspaceScales", Bytes(values));
    }

    private static byte[] Bytes(IEnumerable<double> values)
    {
        double[] numbers = [.. values];
        byte[] bytes = new byte[numbers.Length * sizeof(double)];
        for (int index = 0; index < numbers.Length; index++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(index * sizeof(double)), numbers[index]);
        }

        return bytes;
    }
}
