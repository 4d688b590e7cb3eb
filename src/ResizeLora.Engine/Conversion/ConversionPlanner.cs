using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Conversion;

/// <summary>Decides what each tensor of a converted file is made of.</summary>
internal sealed class ConversionPlanner
{
    private const string Mid = ".lora_mid.weight";

    private static readonly string[] Bookkeeping = ["bundle_emb.", "_aux."];

    private readonly Adapter adapter;
    private readonly ConversionSettings settings;
    private readonly ConversionMaking making;
    private readonly LayerNamer? namer;
    private readonly Dictionary<string, List<(TensorEntry Tensor, AdapterTensorName Name)>> tensorsOf = new(StringComparer.Ordinal);
    private readonly List<TensorEntry> loose = [];
    private readonly List<ConvertedTensor> tensors = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly List<ConvertedPair> pairs = [];
    private readonly List<KeptLayer> leftBehind = [];
    private bool hasMagnitudes;
    private bool hasBiases;

    private ConversionPlanner(
        Adapter adapter,
        ConversionSettings settings,
        ConversionMaking making,
        IReadOnlyList<Checkpoint> checkpoints
    )
    {
        this.adapter = adapter;
        this.settings = settings;
        this.making = making;
        namer = settings.Naming is { } naming ? new LayerNamer(adapter.Architecture, naming, BaseNames.Of(checkpoints)) : null;
        (TensorEntry Tensor, AdapterTensorName? Name)[] parsed =
        [
            .. adapter.File.Header.Tensors.Select(static tensor => (tensor, AdapterTensorName.Parse(tensor.Name))),
        ];
        bool hasSeveral = parsed.Select(static part => part.Name?.AdapterName).OfType<string>().Distinct().Skip(1).Any();
        if (hasSeveral && namer is not null)
        {
            throw new ConversionException(adapter.Path, "Several", "holds several adapters of PEFT, which would get the same names.");
        }

        foreach ((TensorEntry tensor, AdapterTensorName? parsedName) in parsed)
        {
            if (parsedName is not { } name)
            {
                loose.Add(tensor);
                continue;
            }

            string layer = hasSeveral && name.AdapterName is { } named ? $"{name.Layer}.{named}" : name.Layer;
            if (!tensorsOf.TryGetValue(layer, out List<(TensorEntry, AdapterTensorName)>? known))
            {
                tensorsOf.Add(layer, known = []);
            }

            known.Add((tensor, name));
        }
    }

    /// <summary>Plans a conversion.</summary>
    /// <param name="adapter">The LoRA; it stays open until the output is written.</param>
    /// <param name="settings">What is changed.</param>
    /// <param name="making">The same, for the metadata.</param>
    /// <param name="checkpoints">Base models whose names say where underscored names have their dots.</param>
    /// <exception cref="ConversionException">A layer cannot be written so, and is not to be left out.</exception>
    public static ConversionPlan Plan(
        Adapter adapter,
        ConversionSettings settings,
        ConversionMaking making,
        IReadOnlyList<Checkpoint> checkpoints
    )
    {
        var planner = new ConversionPlanner(adapter, settings, making, checkpoints);
        return planner.Plan();
    }

    private bool HasSettings => settings.Naming == LoraNaming.Peft || (settings.Naming is null && adapter.SettingsText is not null);

    // Where readers take no alpha, all of the scale goes into B.
    private bool WritesAlpha => settings.Naming is LoraNaming.Kohya or LoraNaming.ComfyUI;

    private bool IsOfPeft => settings.Naming is LoraNaming.Diffusers or LoraNaming.Peft;

    private ConversionPlan Plan()
    {
        AdapterLayer[] pairLayers = [.. adapter.Layers.Where(IsPair)];
        HashSet<string> paired = [.. pairLayers.Select(static layer => (layer.Fused?.Whole ?? layer).Name)];
        var targets = new TargetLayers(adapter, pairLayers);
        Component? only = namer is { HoldsOneModel: true } ? OnlyComponent(pairLayers) : null;
        foreach (
            IGrouping<(Component, string), AdapterLayer> module in pairLayers.GroupBy(static layer => (layer.Key.Component, layer.Key.Path))
        )
        {
            AdapterLayer[] sources = [.. module];
            if (only is not null && module.Key.Item1 != only)
            {
                Leave(sources, "a folder of PEFT holds one model's layers");
            }
            else if (namer is null)
            {
                Array.ForEach([.. sources.Select(static layer => layer.Fused?.Whole ?? layer).Distinct()], KeepNames);
            }
            else
            {
                Name(sources, targets);
            }
        }

        foreach ((string layer, List<(TensorEntry Tensor, AdapterTensorName Name)> parts) in tensorsOf)
        {
            if (!paired.Contains(layer))
            {
                AddGroup(layer, parts);
            }
        }

        loose.ForEach(AddLoose);
        return Finish();
    }

    // A pair of factors that the file holds, or any that can be computed where pairs are asked for.
    private bool IsPair(AdapterLayer layer) => settings.ToPairs || layer.IsStored;

    private static Component? OnlyComponent(AdapterLayer[] layers) =>
        layers
            .Select(static layer => layer.Key.Component)
            .OrderBy(Components.IsTextEncoder)
            .ThenBy(static component => component)
            .Select(static component => (Component?)component)
            .FirstOrDefault();

    private void Leave(IEnumerable<AdapterLayer> layers, string reason) =>
        leftBehind.AddRange(
            layers.Select(static layer => (layer.Fused?.Whole ?? layer).Name).Distinct().Select(name => new KeptLayer(name, reason))
        );

    // The names stay; the kind or the type may change.
    private void KeepNames(AdapterLayer layer)
    {
        bool isPeft = layer.Down.Name.Contains(".lora_A", StringComparison.Ordinal);
        PartSuffixes suffixes = PartSuffixes.Of(isPeft || HasSettings ? LoraNaming.Peft : LoraNaming.Kohya);
        FactorRows rows = new(layer, [new RowRun(0, 0, layer.OutFeatures)]);
        bool writesAlpha = layer.IsStored ? layer.AlphaTensor is not null : !HasSettings && !IsDiffusers(layer);
        double scale = layer.IsStored || writesAlpha || HasSettings ? layer.Scale : 1;
        var pair = new ConvertedPair(
            adapter.Verified,
            layer.Name,
            [new FactorColumns([rows])],
            layer.OutFeatures,
            TypesFor([rows], isFolded: scale != layer.Scale),
            scale
        );
        pairs.Add(pair);
        Add(
            layer.IsStored ? layer.Down.Name : layer.Name + suffixes.Down,
            pair.Types.Down,
            pair.DownShape,
            pair.WriteDown,
            layer.Name
        );
        Add(layer.IsStored ? layer.Up.Name : layer.Name + suffixes.Up, pair.Types.Up, pair.UpShape, pair.WriteUp, layer.Name);
        if (writesAlpha && !layer.IsStored)
        {
            AddAlpha(pair, layer.Name);
        }

        foreach ((TensorEntry tensor, AdapterTensorName name) in PartsOf(layer))
        {
            bool isAlpha = name.Part == AdapterPart.Alpha;
            if (layer.IsStored ? tensor != layer.Down && tensor != layer.Up : !isAlpha && IsSide(name))
            {
                Add(tensor.Name, tensor.Type, tensor.Shape, Copy(tensor), layer.Name);
            }
        }
    }

    private static bool IsDiffusers(AdapterLayer layer) => layer.Spelling.Dialect is AdapterDialect.Diffusers or AdapterDialect.Peft;

    private void Name(AdapterLayer[] layers, TargetLayers targets)
    {
        // The layers of one module have one set of names; a dotted spelling among them knows the dots.
        LayerNames[] named = [.. layers.Select(layer => namer!.NamesOf(layer.Key, layer.Spelling))];
        LayerNames found = Array.Find(named, static names => names.Names.Count > 0) ?? named[0];
        if (found.Names.Count == 0)
        {
            Leave(layers, found.Reason!);
            return;
        }

        bool isWhole = found.Names is [{ Rows.IsWhole: true }];
        bool Undivided(AdapterLayer layer) => isWhole || HasSides(layer);
        AdapterLayer[] sources =
        [
            .. layers.Select(layer => layer.Fused is { } fused && Undivided(layer) ? fused.Whole : layer).Distinct(),
        ];
        if (sources.Select(static layer => layer.InFeatures).Distinct().Count() > 1)
        {
            Leave(layers, "its layers differ in their columns");
            return;
        }

        var planned = new List<(string Name, IReadOnlyList<FactorRows> Parts, int Rows)>();
        foreach (LayerName name in found.Names)
        {
            if (targets.PartsOf(name.Rows, sources) is not { } target)
            {
                Leave(layers, "the heights of its fused parts are not known");
                return;
            }

            if (target.Parts.Count > 0)
            {
                planned.Add((name.Name, target.Parts, target.Rows));
            }
        }

        if (planned.Select(target => SidesOf(target.Parts)).FirstOrDefault(static reason => reason is not null) is { } unfit)
        {
            Leave(layers, unfit);
            return;
        }

        foreach ((string name, IReadOnlyList<FactorRows> parts, int rows) in planned)
        {
            AddPair(name, parts, rows, targets, layers[0].Name);
        }
    }

    private void AddPair(string name, IReadOnlyList<FactorRows> parts, int rows, TargetLayers targets, string source)
    {
        IReadOnlyList<FactorColumns> columns = targets.ColumnsOf(parts);
        double scale = settings.Naming == LoraNaming.Diffusers ? 1 : CommonScale(columns);
        var pair = new ConvertedPair(
            adapter.Verified,
            name,
            columns,
            rows,
            TypesFor(parts, columns.Any(column => column.Scale != scale)),
            scale
        );
        pairs.Add(pair);
        PartSuffixes suffixes = PartSuffixes.Of(settings.Naming!.Value);
        Add(name + suffixes.Down, pair.Types.Down, pair.DownShape, pair.WriteDown, source);
        Add(name + suffixes.Up, pair.Types.Up, pair.UpShape, pair.WriteUp, source);
        if (WritesAlpha)
        {
            AddAlpha(pair, source);
        }

        AddVector(pair, parts, rows, AdapterKind.DoRA, name + suffixes.Magnitude, source);
        AddVector(pair, parts, rows, AdapterKind.Full, name + suffixes.Bias, source);
    }

    private void AddAlpha(ConvertedPair pair, string source)
    {
        byte[] alpha = OutputAlpha.Create(pair.Scale, pair.Rank, TensorType.Float32).Bytes;
        Add(pair.Name + PartSuffixes.Alpha, TensorType.Float32, [], sink => sink(alpha), source);
    }

    // Where layers of different scales are fused, the first that is not zero stays in alpha.
    private static double CommonScale(IReadOnlyList<FactorColumns> columns) =>
        columns.Select(static column => column.Scale).FirstOrDefault(static scale => scale != 0);

    private (TensorType Down, TensorType Up) TypesFor(IReadOnlyList<FactorRows> parts, bool isFolded)
    {
        TensorType down = TypeFor(parts.Select(static part => part.Layer.Down.Type), isFolded: false);
        return (down, TypeFor(parts.Select(static part => part.Layer.Up.Type), isFolded));
    }

    private TensorType TypeFor(IEnumerable<TensorType> types, bool isFolded)
    {
        if (settings.Type is { } asked)
        {
            return TypeOf(asked);
        }

        TensorType[] distinct = [.. types.Distinct()];

        // Numbers of eight bits are not computed with; BFloat16 holds them all.
        return distinct is [var only]
                ? isFolded && TensorTypes.BytesOf(only) == 1 ? TensorType.BFloat16
                    : only
            : distinct.Contains(TensorType.Float64) ? TensorType.Float64
            : TensorType.Float32;
    }

    private static TensorType TypeOf(OutputType type) =>
        type switch
        {
            OutputType.BFloat16 => TensorType.BFloat16,
            OutputType.Float32 => TensorType.Float32,
            _ => TensorType.Float16,
        };

    private List<(TensorEntry Tensor, AdapterTensorName Name)> PartsOf(AdapterLayer layer) =>
        tensorsOf.GetValueOrDefault((layer.Fused?.Whole ?? layer).Name) ?? [];

    private static bool IsSide(AdapterTensorName name) => name.Part == AdapterPart.Beside || name.Kind == AdapterKind.DoRA;

    private bool HasSides(AdapterLayer layer) => PartsOf(layer).Any(static part => IsSide(part.Name));

    // Why what stands beside the factors cannot be taken along; null where it can.
    private string? SidesOf(IReadOnlyList<FactorRows> parts)
    {
        foreach (AdapterKind kind in (AdapterKind[])[AdapterKind.DoRA, AdapterKind.Full])
        {
            TensorEntry?[] sides = [.. parts.Select(part => SideOf(part.Layer, kind))];
            bool hasAny = Array.Exists(sides, static side => side is not null);
            if (!hasAny)
            {
                continue;
            }

            if (kind == AdapterKind.DoRA && Array.Exists(sides, static side => side is null))
            {
                return "only some of its parts have magnitudes";
            }

            bool fits = sides.Zip(parts).All(static side => side.First is null || side.First.ElementCount == side.Second.Layer.OutFeatures);
            bool isInput = kind == AdapterKind.DoRA && sides.Zip(parts).Any(static side => IsPerInput(side.First!, side.Second.Layer));
            if (isInput && !(WritesAlpha && parts is [{ AreAll: true }]))
            {
                return "its magnitudes are those of the inputs";
            }

            if (!fits && !isInput)
            {
                return $"its {(kind == AdapterKind.DoRA ? "magnitudes do" : "bias does")} not fit its rows";
            }
        }

        return null;
    }

    private static bool IsPerInput(TensorEntry magnitude, AdapterLayer layer)
    {
        bool isOfPeft = magnitude.Name.Contains("lora_magnitude_vector", StringComparison.Ordinal);
        return !isOfPeft && magnitude.Shape is [1, _, ..] && layer.OutFeatures > 1;
    }

    private TensorEntry? SideOf(AdapterLayer layer, AdapterKind kind) =>
        PartsOf(layer)
            .Where(part => IsSide(part.Name) && part.Name.Kind == kind)
            .Select(static part => part.Tensor)
            .FirstOrDefault();

    private void AddVector(
        ConvertedPair pair,
        IReadOnlyList<FactorRows> parts,
        int rows,
        AdapterKind kind,
        string name,
        string source
    )
    {
        (TensorEntry? Side, FactorRows Part)[] sides = [.. parts.Select(part => (SideOf(part.Layer, kind), part))];
        if (sides.Length == 0 || Array.TrueForAll(sides, static side => side.Side is null))
        {
            return;
        }

        bool isMagnitude = kind == AdapterKind.DoRA;
        hasMagnitudes |= isMagnitude;
        hasBiases |= !isMagnitude;
        if (isMagnitude && IsPerInput(sides[0].Side!, parts[0].Layer))
        {
            Add(name, sides[0].Side!.Type, sides[0].Side!.Shape, Copy(sides[0].Side!), source);
            return;
        }

        // PEFT's readers multiply the bias with the scale, others do not.
        double FactorOf(TensorEntry side, AdapterLayer layer) =>
            isMagnitude ? 1
            : (side.Name.EndsWith(PartSuffixes.ScaledBias, StringComparison.Ordinal) ? layer.Scale : 1)
                / (IsOfPeft && pair.Scale != 0 ? pair.Scale : 1);
        var vector = new ConvertedVector(
            adapter.File,
            [
                .. sides
                    .Where(static side => side.Side is not null)
                    .Select(side => (side.Side!, side.Part.Runs, FactorOf(side.Side!, side.Part.Layer))),
            ],
            rows
        );
        Add(name, vector.Type, isMagnitude ? MagnitudeShape(pair, rows) : [rows], vector.Write, source);
    }

    // [out] in PEFT, of a convolution [1, out, 1, 1]; elsewhere [out, 1] and [out, 1, 1, 1].
    private long[] MagnitudeShape(ConvertedPair pair, int rows)
    {
        int kernel = pair.DownShape.Count - 2;
        long[] ones = [.. Enumerable.Repeat(1L, kernel)];
        return WritesAlpha ? [rows, 1, .. ones]
            : kernel == 0 ? [rows]
            : [1, rows, .. ones];
    }

    // Layers that are no pairs of factors: renamed as they are, where the program reads them.
    private void AddGroup(string layer, List<(TensorEntry Tensor, AdapterTensorName Name)> parts)
    {
        var spelling = LayerSpelling.Read(layer);
        LayerKey key = AdapterReader.KeyOf(spelling, adapter.Architecture);
        if (settings.ToPairs && parts.Exists(static part => part.Name.Kind is not null && part.Name.Part != AdapterPart.Beside))
        {
            leftBehind.Add(new KeptLayer(layer, ReasonOf(layer) ?? "it is no product of factors"));
            return;
        }

        if (namer is null)
        {
            parts.ForEach(part => AddCast(part.Tensor.Name, part.Tensor, part.Name, layer));
            return;
        }

        LayerNames found = namer.NamesOf(key, spelling);
        string? reason =
            IsOfPeft ? $"{ReasonOf(layer) ?? "what it holds"} has no names in {settings.Naming}"
            : found.Names.Count == 0 ? found.Reason
            : found.Names is not [var only] || only.Rows != key.Rows ? "it cannot be divided as the names are"
            : HasUnwrittenScale(parts) ? "its scale stands in settings alone"
            : null;
        if (reason is not null)
        {
            leftBehind.Add(new KeptLayer(layer, reason));
            return;
        }

        // ComfyUI looks for lora_mid beside kohya's suffixes alone.
        bool hasMid = parts.Exists(static part => part.Tensor.Name.EndsWith(Mid, StringComparison.Ordinal));
        PartSuffixes suffixes = PartSuffixes.Of(hasMid ? LoraNaming.Kohya : settings.Naming!.Value);
        foreach ((TensorEntry tensor, AdapterTensorName name) in parts)
        {
            string suffix = name.Part switch
            {
                AdapterPart.Down => suffixes.Down,
                AdapterPart.Up => suffixes.Up,
                AdapterPart.Alpha => PartSuffixes.Alpha,
                AdapterPart.Beside => suffixes.Bias,
                _ when name.Kind == AdapterKind.DoRA => suffixes.Magnitude,
                _ => tensor.Name[layer.Length..],
            };
            AddCast(found.Names[0].Name + suffix, tensor, name, layer);
        }
    }

    private string? ReasonOf(string layer) =>
        adapter.KeptLayers.Where(kept => kept.Name == layer).Select(static kept => kept.Reason).FirstOrDefault()
        ?? adapter.Layers.Where(known => known.Name == layer).Select(static known => known.Kind.ToString()).FirstOrDefault();

    private bool HasUnwrittenScale(List<(TensorEntry Tensor, AdapterTensorName Name)> parts) =>
        (adapter.SettingsText is not null || adapter.Metadata.ContainsKey(PeftSettings.MetadataKey))
        && parts.Exists(static part => part.Name.Kind is not (null or AdapterKind.Full))
        && !parts.Exists(static part => part.Name.Part == AdapterPart.Alpha);

    // What -DType means for them: the factors, not alpha and not the magnitudes.
    private void AddCast(string name, TensorEntry tensor, AdapterTensorName part, string source)
    {
        bool isFactor =
            part.Kind is AdapterKind.LoRA or AdapterKind.LoHa or AdapterKind.LoKr or AdapterKind.GLoRA or AdapterKind.Full
            && part.Part != AdapterPart.Beside
            && TensorTypes.IsWeight(tensor.Type);
        if (settings.Type is not { } asked || !isFactor || TypeOf(asked) == tensor.Type)
        {
            Add(name, tensor.Type, tensor.Shape, Copy(tensor), source);
            return;
        }

        TensorType type = TypeOf(asked);
        Add(
            name,
            type,
            tensor.Shape,
            sink =>
            {
                double[] numbers = ConvertedPair.Decode(tensor, adapter.File.Read(tensor));
                byte[] bytes = NumberEncoder.Encode(type, numbers);
                sink(
                    FiniteWeights.Are(type, bytes) || !Array.TrueForAll(numbers, double.IsFinite)
                        ? bytes
                        : throw new AdapterException(adapter.Path, source, "Overflow", $"its numbers are too large for {type}.")
                );
            },
            source
        );
    }

    private void AddLoose(TensorEntry tensor)
    {
        if (namer is null || Array.Exists(Bookkeeping, start => tensor.Name.StartsWith(start, StringComparison.Ordinal)))
        {
            Add(tensor.Name, tensor.Type, tensor.Shape, Copy(tensor), tensor.Name);
        }
        else
        {
            leftBehind.Add(new KeptLayer(tensor.Name, "a tensor of no layer that is known"));
        }
    }

    private Action<TensorPieces.Handler> Copy(TensorEntry tensor) => sink => adapter.Verified.ReadPieces(tensor, sink);

    private void Add(string name, TensorType type, IReadOnlyList<long> shape, Action<TensorPieces.Handler> write, string source)
    {
        if (names.Add(name))
        {
            tensors.Add(new ConvertedTensor(name, type, shape, write));
        }
        else
        {
            leftBehind.Add(new KeptLayer(source, "another layer has its new name"));
        }
    }

    private ConversionPlan Finish()
    {
        if (pairs.Count == 0 && tensors.Count == 0 && leftBehind.Count == 0)
        {
            throw new ConversionException(adapter.Path, "Nothing", "holds nothing to convert.");
        }

        bool isEmpty = tensors.Count == 0;
        if (leftBehind.Count > 0 && (isEmpty || !settings.SkipsUnsupported))
        {
            string[] layers = [.. leftBehind.Select(static layer => layer.Name)];
            string sample = NameSummary.Sample([.. leftBehind.Select(static layer => $"{layer.Name} ({layer.Reason})")]);
            string what = settings.Naming is { } naming ? $"cannot be written with the names of {naming}" : "cannot be written as pairs of factors";
            throw new ConversionException(
                adapter.Path,
                "NotExpressible",
                $"{what}: {NameSummary.Count(layers, "layer", adapter.Architecture)}: {sample}."
            );
        }

        var metadata = new ConversionMetadata(adapter, settings, pairs, hasMagnitudes, hasBiases);
        string parameters = making.Parameters(leftBehind.Count);
        SafetensorsLayout layout = SafetensorsLayout.Create(
            tensors.Select(static tensor => (tensor.Name, tensor.Type, tensor.Shape)),
            metadata.Header(parameters)
        );
        return new ConversionPlan(adapter, making, tensors, pairs, layout)
        {
            LayerCount = LayerInventory.Of(adapter.File.Header.Tensors).Layers.Count,
            WrittenLayerCount = LayerInventory.Of(layout.Tensors).Layers.Count,
            Kind = LayerInventory.Of(layout.Tensors).Kind(),
            LeftBehind = leftBehind,
            Naming = settings.Naming,
            PeftSettings = HasSettings ? metadata.Settings() : null,
        };
    }
}
