using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Sorts the tensors of an adapter file into layers, whatever spelling they are in.</summary>
internal sealed class AdapterReader
{
    private readonly ITensorFile file;
    private readonly Dictionary<string, LayerParts> parts = new(StringComparer.Ordinal);
    private readonly List<TensorEntry> unknown = [];
    private readonly List<KeptLayer> kept = [];

    private AdapterReader(ITensorFile file)
    {
        this.file = file;
        Sort();
    }

    /// <summary>Reads the layers of a file.</summary>
    /// <param name="file">The file; the adapter takes it over.</param>
    /// <param name="settings">The text of PEFT's settings beside the file, or null.</param>
    /// <param name="includeDifference">Whether whole differences become layers.</param>
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter Read(ITensorFile file, string? settings, bool includeDifference)
    {
        var reader = new AdapterReader(file);
        var factors = new FactorFile(file);
        var context = new KindContext(factors, new LayerScales(file, settings), includeDifference);
        AdapterLayer[] layers = [.. reader.parts.Values.Select(layer => reader.TryReadLayer(layer, context)).OfType<AdapterLayer>()];
        Architecture? architecture =
            Recognise(layers.Select(static layer => (layer.Spelling, (long?)layer.OutFeatures, (long?)layer.InFeatures)))
            ?? Adapter.ArchitectureIn(file.Header.Metadata);
        layers = [.. layers.Select(layer => WithKey(layer, architecture))];
        AdapterLayer[] overBase = [.. layers.Where(static layer => layer.OverBase is not null)];
        layers = FusedLayers.Divide(factors, layers.Except(overBase));
        HashSet<string> taken = layers
            .SelectMany(static layer => (layer.Fused?.Whole ?? layer).Tensors)
            .Select(static tensor => tensor.Name)
            .ToHashSet(StringComparer.Ordinal);
        TensorEntry[] others = [.. file.Header.Tensors.Where(tensor => !taken.Contains(tensor.Name))];
        HashSet<string> read = layers.Select(static layer => (layer.Fused?.Whole ?? layer).Name).ToHashSet(StringComparer.Ordinal);
        return new Adapter(factors, layers, others, reader.KeptOf(others, read))
        {
            IncludesDifference = includeDifference,
            Architecture = architecture,
            SettingsText = settings,
            LayersOverBase = overBase,
        };
    }

    /// <summary>The architecture that the layers' names tell.</summary>
    /// <param name="layers">What the names say, with rows and columns.</param>
    public static Architecture? Recognise(IEnumerable<(LayerSpelling Spelling, long? OutFeatures, long? InFeatures)> layers)
    {
        NamedWeight[] weights =
        [
            .. layers
                .Where(static layer => !Components.IsTextEncoder(layer.Spelling.Component))
                .Select(static layer => new NamedWeight(layer.Spelling.Module, layer.OutFeatures, layer.InFeatures)),
        ];
        return weights.Length == 0 ? null : ArchitectureCatalog.Recognise(new NameSet(weights));
    }

    /// <summary>What a layer is, by its spelling and the architecture of its file.</summary>
    /// <param name="spelling">What its name says.</param>
    /// <param name="architecture">The architecture, or null.</param>
    public static LayerKey KeyOf(LayerSpelling spelling, Architecture? architecture)
    {
        // Bare names tell no component; that an architecture was recognised by them does.
        Component component = architecture is not null && spelling.Component == Component.Other ? Component.UNet : spelling.Component;

        // A few layers of a U-Net tell no version; nearly all of its names mean the same in every version, and no other model has them.
        return (architecture ?? ArchitectureCatalog.Sdxl).KeyOf(component, spelling.Module);
    }

    private static AdapterLayer WithKey(AdapterLayer layer, Architecture? architecture)
    {
        LayerKey key = KeyOf(layer.Spelling, architecture);
        NameTable? names = Components.IsTextEncoder(key.Component) ? ArchitectureCatalog.TextEncoderNames : architecture?.Names;
        RowSplit? split = key.Rows.IsWhole
            ? names?.PartsOf(key.Path).Select(static part => (RowSplit?)part.Rows.Split).FirstOrDefault()
            : null;
        return layer with { Key = key, FusedAs = split, KnownInputShape = InputsOf(layer, key, architecture) };
    }

    // LoHa and LoKr store the factors of a convolution flat: the module's name tells its kernel.
    private static IReadOnlyList<long>? InputsOf(AdapterLayer layer, LayerKey key, Architecture? architecture)
    {
        if (
            layer.StoredTensors is null
            || layer.Down.Shape.Count > 2
            || (architecture ?? ArchitectureCatalog.Sdxl).KernelOf(key.Path) is not { } kernel
        )
        {
            return null;
        }

        long places = kernel.Aggregate(1L, static (product, side) => product * side);
        return layer.InFeatures % places == 0 ? [layer.InFeatures / places, .. kernel] : null;
    }

    private void Sort()
    {
        // Where a file holds several adapters of PEFT, each has layers of its own.
        var parsed = file.Header.Tensors.Select(static tensor => (Tensor: tensor, Name: AdapterTensorName.Parse(tensor.Name))).ToArray();
        bool hasSeveral = parsed.Select(static tensor => tensor.Name?.AdapterName).OfType<string>().Distinct().Skip(1).Any();
        foreach ((TensorEntry tensor, AdapterTensorName? name) in parsed)
        {
            if (name is not { } known)
            {
                unknown.Add(tensor);
                continue;
            }

            string layer = hasSeveral && known.AdapterName is { } adapter ? $"{known.Layer}.{adapter}" : known.Layer;
            if (!parts.TryGetValue(layer, out LayerParts? found))
            {
                parts.Add(layer, found = new LayerParts(layer, known.Layer));
            }

            found.Add(tensor, known);
        }

        MarkExtended();
    }

    // A part of an unknown name makes its layer more than B·A. In sorted order the tensors below a layer stand side by side, so that the
    // work does not grow with what names hold; of two layers that are both above a tensor, it is the longer one's.
    private void MarkExtended()
    {
        string[] names = [.. unknown.Select(static tensor => tensor.Name).Order(StringComparer.Ordinal)];
        bool[] isTaken = new bool[names.Length];
        foreach (LayerParts layer in parts.Values.OrderByDescending(static layer => layer.Name.Length))
        {
            string prefix = layer.Name + '.';
            int index = Array.BinarySearch(names, prefix, StringComparer.Ordinal);
            index = index < 0 ? ~index : index;
            while (index < names.Length && isTaken[index])
            {
                index++;
            }

            if (index < names.Length && names[index].StartsWith(prefix, StringComparison.Ordinal))
            {
                isTaken[index] = true;
                layer.Extra ??= names[index][prefix.Length..];
            }
        }
    }

    private AdapterLayer? TryReadLayer(LayerParts layer, KindContext context)
    {
        (AdapterLayer? read, string? reason) = KindReader.ReadAny(layer, context);
        if (reason is not null)
        {
            kept.Add(new KeptLayer(layer.Name, reason, layer.Kind));
        }

        return read;
    }

    // What else a layer that was read has is beside it, and makes no layer.
    private List<KeptLayer> KeptOf(TensorEntry[] others, HashSet<string> read)
    {
        HashSet<string> listed = kept.Select(static layer => layer.Name).ToHashSet(StringComparer.Ordinal);
        HashSet<string> beside = parts
            .Values.Where(layer => read.Contains(layer.Name))
            .Select(static layer => layer.Stem)
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. kept,
            .. LayerInventory
                .Of(others)
                .Layers.Where(layer => !listed.Contains(layer.Name) && !beside.Contains(layer.Name))
                .Select(static layer => new KeptLayer(layer.Name, layer.Kind.ToString(), layer.Kind)),
        ];
    }
}
