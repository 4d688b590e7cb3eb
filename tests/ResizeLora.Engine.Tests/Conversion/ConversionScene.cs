using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Conversion;
using ResizeLora.Dialects;
using ResizeLora.Files;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Conversion;

/// <summary>Converts files, and says what a file means in double precision.</summary>
internal static class ConversionScene
{
    /// <summary>Converts a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="output">The output; its folder is made.</param>
    /// <param name="settings">What is changed.</param>
    /// <param name="events">Takes the notes.</param>
    public static LoraConversion Convert(string path, string output, ConversionSettings settings, EventLog? events = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(output)!);
        using Adapter adapter = Adapter.Open(path);
        ConversionPlan plan = LoraConverter.Plan(adapter, new ConversionMaking(adapter, settings), settings, [], events);
        return LoraConverter.Write(plan, output, overwrite: true, events, CancellationToken.None);
    }

    /// <summary>Converts the names of a file.</summary>
    public static string Rename(string path, string folder, LoraNaming naming)
    {
        string name = naming == LoraNaming.Peft ? "adapter_model.safetensors" : "lora.safetensors";
        string output = Path.Combine(folder, name);
        Convert(path, output, new ConversionSettings { Naming = naming });
        return output;
    }

    /// <summary>The names of a file's tensors.</summary>
    public static string[] NamesIn(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return [.. file.Header.Tensors.Select(static tensor => tensor.Name).Order(StringComparer.Ordinal)];
    }

    /// <summary>The bytes of all tensors of a file, by name.</summary>
    public static Dictionary<string, string> BytesIn(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Header.Tensors.ToDictionary(
            static tensor => tensor.Name,
            tensor => $"{tensor.Type} {tensor.ShapeText} {System.Convert.ToHexString(file.Read(tensor))}"
        );
    }

    /// <summary>The change of every weight, a fused one as a whole.</summary>
    /// <param name="path">The file.</param>
    public static Dictionary<string, Tensor> MeaningOf(string path)
    {
        using Adapter adapter = Adapter.Open(path);
        var meaning = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        IEnumerable<IGrouping<string, AdapterLayer>> modules = adapter
            .Layers.Select(static layer => layer.Fused?.Whole ?? layer)
            .DistinctBy(static layer => layer.Name)
            .GroupBy(static layer => $"{layer.Component} {layer.Key.Path}", StringComparer.Ordinal);
        foreach (IGrouping<string, AdapterLayer> module in modules)
        {
            Tensor[] parts =
            [
                .. module
                    .OrderBy(static layer => layer.Key.Rows.First)
                    .Select(layer => Straight(WrittenLayer.Delta(adapter.File, layer), layer.Key.Rows)),
            ];
            meaning.Add(module.Key, cat(parts, 0));
        }

        return meaning;
    }

    /// <summary>Requires two files to change every weight alike.</summary>
    /// <param name="expected">The file that is right.</param>
    /// <param name="actual">The other.</param>
    /// <param name="tolerance">The largest relative difference.</param>
    public static void AssertSameMeaning(string expected, string actual, double tolerance = 1e-6)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> left = MeaningOf(expected);
        Dictionary<string, Tensor> right = MeaningOf(actual);
        Assert.Equal(left.Keys.Order(StringComparer.Ordinal), right.Keys.Order(StringComparer.Ordinal));
        foreach ((string module, Tensor change) in left)
        {
            Assert.Equal(change.shape, right[module].shape);
            double distance = WrittenLayer.Norm(change - right[module]) / Math.Max(WrittenLayer.Norm(change), 1e-30);
            Assert.True(distance <= tolerance, $"{module}: {distance}");
        }
    }

    private static Tensor Straight(Tensor change, RowSelection rows)
    {
        if (!rows.IsSwapped)
        {
            return change;
        }

        Tensor[] halves = change.chunk(2, 0);
        return cat([halves[1], halves[0]], 0);
    }
}
