using System.Globalization;
using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Sorts the tensors of an adapter file into layers, whatever spelling they are in.</summary>
internal sealed class AdapterReader
{
    private readonly ITensorFile file;
    private readonly Dictionary<string, NamedParts> parts = new(StringComparer.Ordinal);
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
    /// <exception cref="AdapterException">The alpha of a layer is NaN or infinite.</exception>
    public static Adapter Read(ITensorFile file, string? settings)
    {
        var reader = new AdapterReader(file);
        var scales = new LayerScales(file, settings);
        AdapterLayer[] layers = [.. reader.parts.Values.Select(layer => reader.TryReadLayer(layer, scales)).OfType<AdapterLayer>()];
        Architecture? architecture =
            Recognise(layers.Select(static layer => (layer.Spelling, (long?)layer.OutFeatures, (long?)layer.InFeatures)))
            ?? Adapter.ArchitectureIn(file.Header.Metadata);
        layers = [.. layers.Select(layer => WithKey(layer, architecture))];
        ITensorFile read = FusedFile.Wrap(file, layers, out AdapterLayer[] all);
        HashSet<string> taken = layers.SelectMany(static layer => layer.Tensors).Select(static tensor => tensor.Name).ToHashSet();
        TensorEntry[] others = [.. file.Header.Tensors.Where(tensor => !taken.Contains(tensor.Name))];
        return new Adapter(read, all, others, reader.KeptOf(others)) { Architecture = architecture, SettingsText = settings };
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
        return layer with { Key = key, FusedAs = split };
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
            if (!parts.TryGetValue(layer, out NamedParts? found))
            {
                parts.Add(layer, found = new NamedParts(layer, known.Layer));
            }

            found.Add(tensor, known.Part);
        }

        MarkExtended();
    }

    // A part of an unknown name makes its layer more than B·A. In sorted order the tensors below a layer stand side by side, so that the
    // work does not grow with what names hold; of two layers that are both above a tensor, it is the longer one's.
    private void MarkExtended()
    {
        string[] names = [.. unknown.Select(static tensor => tensor.Name).Order(StringComparer.Ordinal)];
        bool[] isTaken = new bool[names.Length];
        foreach (NamedParts layer in parts.Values.OrderByDescending(static layer => layer.Name.Length))
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

    private AdapterLayer? TryReadLayer(NamedParts layer, LayerScales scales)
    {
        if (layer.Down is null && layer.Up is null)
        {
            return null;
        }

        if (layer.ReasonToKeep() is { } reason)
        {
            kept.Add(new KeptLayer(layer.Name, reason));
            return null;
        }

        var spelling = LayerSpelling.Read(layer.Stem);
        int rank = (int)layer.Down!.Shape[0];
        double alpha = scales.AlphaOf(layer.Stem, spelling, layer.Alpha, rank);
        if (!double.IsFinite(alpha))
        {
            // As with NaN in a factor, the training has failed: a copy of such a layer would pass for a sound one.
            string text = alpha.ToString(CultureInfo.InvariantCulture);
            throw new AdapterException(file.Path, layer.Name, "AlphaInvalid", $"its alpha is {text}, not a number.");
        }

        return new AdapterLayer(layer.Name, layer.Down, layer.Up!, alpha) { Spelling = spelling, AlphaTensor = layer.Alpha };
    }

    private List<KeptLayer> KeptOf(TensorEntry[] others)
    {
        HashSet<string> listed = kept.Select(static layer => layer.Name).ToHashSet(StringComparer.Ordinal);
        HashSet<string> beside = parts
            .Values.Where(layer => layer.Down is not null && !listed.Contains(layer.Name))
            .Select(static layer => layer.Stem)
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. kept,
            .. LayerInventory
                .Of(others)
                .Layers.Where(layer => !listed.Contains(layer.Name) && !beside.Contains(layer.Name))
                .Select(static layer => new KeptLayer(layer.Name, layer.Kind.ToString())),
        ];
    }

    // The tensors of one layer.
    private sealed class NamedParts(string name, string stem)
    {
        public string Name { get; } = name;

        public string Stem { get; } = stem;

        public TensorEntry? Down { get; private set; }

        public TensorEntry? Up { get; private set; }

        public TensorEntry? Alpha { get; private set; }

        public string? Extra { get; set; }

        public void Add(TensorEntry tensor, AdapterPart part)
        {
            switch (part)
            {
                case AdapterPart.Down when Down is null:
                    Down = tensor;
                    break;
                case AdapterPart.Up when Up is null:
                    Up = tensor;
                    break;
                case AdapterPart.Alpha when Alpha is null:
                    Alpha = tensor;
                    break;
                case AdapterPart.Beside:
                    break;
                default:
                    Extra ??= tensor.Name[Math.Min(tensor.Name.Length, Stem.Length + 1)..];
                    break;
            }
        }

        // Why the tensors are not the factors of a matrix or a convolution; null when they are.
        public string? ReasonToKeep()
        {
            const int MostDimensions = 5;
            if (Extra is not null)
            {
                return $"it also has {TrainerText.Clean(Extra, longest: 40) ?? "a part without a name"}";
            }

            if (Up is null || Down is null)
            {
                return Up is null ? "no lora_up" : "no lora_down";
            }

            if (!TensorTypes.IsWeight(Up.Type) || !TensorTypes.IsWeight(Down.Type))
            {
                string[] types = [TensorTypes.NameOf(Down.Type), TensorTypes.NameOf(Up.Type)];
                return $"weights of type {string.Join(" and ", types.Distinct())}";
            }

            bool isShaped =
                Down.Shape.Count is >= 2 and <= MostDimensions
                && Up.Shape.Count is >= 2 and <= MostDimensions
                && Up.Shape.Skip(2).All(static dimension => dimension == 1)
                && Down.ElementCount > 0
                && Up.ElementCount > 0;
            string shapes = $"lora_down {Down.ShapeText}, lora_up {Up.ShapeText}";
            return !isShaped ? shapes
                : Math.Max(Up.ElementCount, Down.ElementCount) > Adapter.MostElements ? $"more than 2 GiB in double precision: {shapes}"
                : Up.Shape[1] != Down.Shape[0] ? $"the ranks disagree: {shapes}"
                : Alpha is not null && !ScalarReader.IsReadable(Alpha)
                    ? $"its alpha is {TensorTypes.NameOf(Alpha.Type)} {Alpha.ShapeText}, not one number"
                : null;
        }
    }
}
