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
        ConversionPlan plan = LoraConverter.Plan(new ConversionMaking(adapter, settings), events);
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
    /// <param name="leftOut">Layers that do not count.</param>
    /// <param name="every">Takes one module of so many.</param>
    public static Dictionary<string, Tensor> MeaningOf(string path, IReadOnlyCollection<string>? leftOut = null, int every = 1)
    {
        using Adapter adapter = Adapter.Open(path);
        var meaning = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        IEnumerable<IGrouping<string, AdapterLayer>> modules = adapter
            .Layers.Select(static layer => layer.Fused?.Whole ?? layer)
            .DistinctBy(static layer => layer.Name)
            .Where(layer => leftOut?.Contains(layer.Name) != true)
            .GroupBy(NameOf, StringComparer.Ordinal)
            .Where(module => Math.Abs(module.Key.Sum(static character => character)) % every == 0);
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
    /// <param name="leftOut">Layers of the first that the other lacks.</param>
    /// <param name="tolerance">The largest relative difference.</param>
    /// <param name="every">Compares one module of so many.</param>
    public static void AssertSameMeaning(
        string expected,
        string actual,
        IReadOnlyCollection<string>? leftOut = null,
        double tolerance = 1e-6,
        int every = 1
    )
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> left = MeaningOf(expected, leftOut, every);
        Dictionary<string, Tensor> right = MeaningOf(actual, null, every);
        Assert.Equal(left.Keys.Order(StringComparer.Ordinal), right.Keys.Order(StringComparer.Ordinal));
        foreach ((string module, Tensor change) in left)
        {
            // Of a weight that is fused, the rows of parts that the first file lacks are zero.
            Tensor other = right[module];
            Tensor common = other.narrow(0, 0, change.shape[0]);
            double size = Math.Max(WrittenLayer.Norm(change), 1e-30);
            double rest = Math.Abs(WrittenLayer.Norm(other) - WrittenLayer.Norm(common));
            double distance = (WrittenLayer.Norm(change - common) + rest) / size;
            Assert.True(distance <= tolerance, $"{module}: {distance}");
        }
    }

    // A name that tells no component is that of the denoising network.
    private static string NameOf(AdapterLayer layer) =>
        layer.Component is Component.UNet or Component.Transformer or Component.Other
            ? layer.Key.Path
            : $"{layer.Component} {layer.Key.Path}";

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
