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
    // The names of parts, as AdapterTensorName gives them.
    private const string Mid = "lora_mid";
    private const string Bias = "diff_b";
    private const string Widening = "reshape_weight";

    private static readonly string[] InnerFactors = ["hada_w1_b", "lokr_w2_b", "lokr_w1_b"];

    private static readonly string[] Bookkeeping = ["bundle_emb.", "_aux."];

    private readonly Adapter adapter;
    private readonly ConversionSettings settings;
    private readonly ConversionMaking making;
    private readonly Architecture? architecture;
    private readonly LayerNamer? namer;
    private readonly Dictionary<string, List<(TensorEntry Tensor, AdapterTensorName Name)>> tensorsOf = new(StringComparer.Ordinal);
    private readonly List<TensorEntry> loose = [];
    private readonly List<ConvertedTensor> tensors = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly List<ConvertedPair> pairs = [];
    private readonly List<UnwrittenLayer> leftBehind = [];
    private bool hasMagnitudes;
    private bool hasBiases;

    private ConversionPlanner(Adapter adapter, ConversionSettings settings, ConversionMaking making, IReadOnlyList<Checkpoint> checkpoints)
    {
        this.adapter = adapter;
        this.settings = settings;
        this.making = making;

        // The layers that are no pairs of factors may be all that tell the family.
        architecture = adapter.Architecture ?? LayerInventory.Of(adapter.File.Header.Tensors).Architecture;
        namer = settings.Naming is { } naming ? new LayerNamer(architecture, naming, BaseNames.Of(checkpoints)) : null;
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

        JoinLoose();
    }

    // A tensor of an unknown part goes with the layer that it stands beside, such as the weight of IA3 beside on_input.
    private void JoinLoose()
    {
        foreach (TensorEntry tensor in loose.ToArray())
        {
            int dot = tensor.Name.LastIndexOf('.');
            if (dot > 0 && tensorsOf.TryGetValue(tensor.Name[..dot], out List<(TensorEntry, AdapterTensorName)>? known))
            {
                var name = new AdapterTensorName(
                    tensor.Name[..dot],
                    AdapterPart.Other,
                    null,
                    AdapterTensorName.RankPlace.None,
                    tensor.Name[(dot + 1)..]
                );
                known.Add((tensor, name));
                loose.Remove(tensor);
            }
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
    private bool IsPair(AdapterLayer layer) => (settings.ToPairs || IsStored(layer)) && (namer is null || !layer.IsTransposed);

    private static bool IsStored(AdapterLayer layer) => layer.StoredTensors is null;

    private static Component? OnlyComponent(AdapterLayer[] layers) =>
        layers
            .Select(static layer => layer.Key.Component)
            .OrderBy(Components.IsTextEncoder)
            .ThenBy(static component => component)
            .Select(static component => (Component?)component)
            .FirstOrDefault();

    private void Leave(IEnumerable<AdapterLayer> layers, string reason) =>
        leftBehind.AddRange(
            layers.Select(static layer => (layer.Fused?.Whole ?? layer).Name).Distinct().Select(name => new UnwrittenLayer(name, reason))
        );

    // The names stay; the kind or the type may change.
    private void KeepNames(AdapterLayer layer)
    {
        FactorRows rows = new(layer, [new RowRun(0, 0, layer.OutFeatures)]);
        bool writesAlpha = IsStored(layer) ? layer.AlphaTensor is not null : !HasSettings && !IsDiffusers(layer);
        double scale = IsStored(layer) || writesAlpha || HasSettings ? layer.Scale : 1;
        var pair = new ConvertedPair(
            adapter.Verified,
            layer.Name,
            [new FactorColumns([rows])],
            layer.OutFeatures,
            TypesFor([rows], isFolded: scale != layer.Scale),
            scale
        );
        pairs.Add(pair);
        Add(layer.DownName, pair.Types.Down, pair.DownShape, pair.WriteDown, layer.Name);
        Add(layer.UpName, pair.Types.Up, pair.UpShape, pair.WriteUp, layer.Name);
        if (writesAlpha && !IsStored(layer))
        {
            AddAlpha(pair, layer.Name);
        }

        foreach ((TensorEntry tensor, AdapterTensorName name) in PartsOf(layer))
        {
            bool isAlpha = name.Part == AdapterPart.Alpha;
            if (IsStored(layer) ? tensor != layer.Down && tensor != layer.Up : !isAlpha && IsSide(name))
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
        AdapterLayer[] sources = [.. layers.Select(layer => layer.Fused is { } fused && Undivided(layer) ? fused.Whole : layer).Distinct()];
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

        AddSides(pair, parts, rows, source);
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
        TensorType down = TypeFor(parts.SelectMany(static part => StoredTypes(part.Layer, part.Layer.Down)), isFolded: false);
        return (down, TypeFor(parts.SelectMany(static part => StoredTypes(part.Layer, part.Layer.Up)), isFolded));
    }

    // Factors that are computed are written in the type of what they are computed from.
    private static IEnumerable<TensorType> StoredTypes(AdapterLayer layer, TensorEntry factor) =>
        layer.StoredTensors is { } stored
            ? stored
                .Where(tensor => tensor != layer.AlphaTensor && tensor != layer.Magnitude && TensorTypes.IsWeight(tensor.Type))
                .Select(static tensor => TensorTypes.BytesOf(tensor.Type) == 1 ? TensorType.BFloat16 : tensor.Type)
            : [factor.Type];

    private TensorType TypeFor(IEnumerable<TensorType> types, bool isFolded)
    {
        if (settings.Type is { } asked)
        {
            return TypeOf(asked);
        }

        TensorType[] distinct = [.. types.Distinct()];

        // Numbers of eight bits are not computed with; BFloat16 holds them all.
        return distinct is [var only]
            ? isFolded && TensorTypes.BytesOf(only) == 1
                ? TensorType.BFloat16
                : only
            : distinct.Contains(TensorType.Float64)
                ? TensorType.Float64
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

    private static bool IsSide(AdapterTensorName name) => name.Part is AdapterPart.Beside or AdapterPart.Magnitude;

    private bool HasSides(AdapterLayer layer) => PartsOf(layer).Exists(static part => IsSide(part.Name));

    // Why what stands beside the factors cannot be taken along; null where it can.
    private string? SidesOf(IReadOnlyList<FactorRows> parts)
    {
        bool isPlaced = WritesAlpha && parts is [{ AreAll: true }];
        if (!isPlaced && parts.Any(part => SideOf(part.Layer, Widening) is not null))
        {
            return "its weight is made wider first";
        }

        TensorEntry?[] magnitudes = [.. parts.Select(static part => part.Layer.Magnitude)];
        if (Array.Exists(magnitudes, static side => side is null) && Array.Exists(magnitudes, static side => side is not null))
        {
            return "only some of its parts have magnitudes";
        }

        if (parts.Any(static part => part.Layer.IsMagnitudePerInput))
        {
            return isPlaced ? null : "its magnitudes are those of the inputs";
        }

        static bool Fits(TensorEntry? side, FactorRows part) => side is null || side.ElementCount == part.Layer.OutFeatures;
        return !parts.All(static part => Fits(part.Layer.Magnitude, part)) ? "its magnitudes do not fit its rows"
            : !parts.All(part => Fits(SideOf(part.Layer, Bias), part)) ? "the change of its bias does not fit its rows"
            : null;
    }

    private TensorEntry? SideOf(AdapterLayer layer, string suffix) =>
        PartsOf(layer).Where(part => part.Name.Suffix == suffix).Select(static part => part.Tensor).FirstOrDefault();

    private void AddSides(ConvertedPair pair, IReadOnlyList<FactorRows> parts, int rows, string source)
    {
        PartSuffixes suffixes = PartSuffixes.Of(settings.Naming!.Value);
        AdapterLayer first = parts[0].Layer;
        if (first is { Magnitude: { } magnitude, IsMagnitudePerInput: true })
        {
            hasMagnitudes = true;
            Add(pair.Name + suffixes.Magnitude, magnitude.Type, magnitude.Shape, Copy(magnitude), source);
        }
        else if (first.Magnitude is not null)
        {
            hasMagnitudes = true;
            var vector = new ConvertedVector(adapter.File, [.. parts.Select(static part => (part.Layer.Magnitude!, part.Runs, 1.0))], rows);
            Add(pair.Name + suffixes.Magnitude, vector.Type, MagnitudeShape(pair, rows), vector.Write, source);
        }

        (TensorEntry Bias, FactorRows Part)[] biases =
        [
            .. parts.Select(part => (Bias: SideOf(part.Layer, Bias), Part: part)).Where(static side => side.Bias is not null)!,
        ];
        if (biases.Length > 0)
        {
            hasBiases = true;
            double written = IsOfPeft && pair.Scale != 0 ? pair.Scale : 1;
            var vector = new ConvertedVector(
                adapter.File,
                [.. biases.Select(side => (side.Bias, side.Part.Runs, BiasScaleOf(side.Bias, side.Part.Layer) / written))],
                rows
            );
            Add(pair.Name + suffixes.Bias, vector.Type, [rows], vector.Write, source);
        }

        if (SideOf(first, Widening) is { } widening)
        {
            Add($"{pair.Name}.{Widening}", widening.Type, widening.Shape, Copy(widening), source);
        }
    }

    // PEFT's readers multiply the bias with the scale, others do not.
    private static double BiasScaleOf(TensorEntry bias, AdapterLayer layer) =>
        bias.Name.EndsWith(PartSuffixes.ScaledBias, StringComparison.Ordinal) ? layer.Scale : 1;

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
        LayerKey key = AdapterReader.KeyOf(spelling, architecture);
        if (settings.ToPairs && parts.Exists(static part => part.Name.Kind is not null && part.Name.Part != AdapterPart.Beside))
        {
            leftBehind.Add(new UnwrittenLayer(layer, ReasonOf(layer) ?? "it is no product of factors"));
            return;
        }

        if (namer is null)
        {
            parts.ForEach(part => AddCast(part.Tensor.Name, part.Tensor, part.Name, layer));
            return;
        }

        LayerNames found = namer.NamesOf(key, spelling);
        AdapterLayer? known = adapter.Layers.FirstOrDefault(known => known.Name == layer);
        bool isEmbedding = known is { IsTransposed: true };
        double? alpha = AlphaOf(known, parts);
        string? reason =
            isEmbedding && settings.Naming != LoraNaming.Peft ? "a LoRA of an embedding has names in PEFT alone"
            : IsOfPeft && !isEmbedding ? $"{ReasonOf(layer) ?? "what it holds"} has no names in {settings.Naming}"
            : found.Names.Count == 0 ? found.Reason
            : found.Names is not [var only] || only.Rows != key.Rows ? "it cannot be divided as the names are"
            : alpha is null && known is { IsScaleAssumed: false } && !IsOfPeft && !HasAlpha(parts) ? "its scale stands in settings alone"
            : null;
        if (reason is not null)
        {
            leftBehind.Add(new UnwrittenLayer(layer, reason));
            return;
        }

        // ComfyUI looks for lora_mid beside kohya's suffixes alone.
        bool hasMid = parts.Exists(static part => part.Name.Suffix == Mid);
        PartSuffixes suffixes = PartSuffixes.Of(hasMid ? LoraNaming.Kohya : settings.Naming!.Value);
        foreach ((TensorEntry tensor, AdapterTensorName name) in parts)
        {
            string suffix = name.Part switch
            {
                AdapterPart.Down => suffixes.Down,
                AdapterPart.Up => suffixes.Up,
                AdapterPart.Alpha => PartSuffixes.Alpha,
                AdapterPart.Beside when name.Suffix == Bias => suffixes.Bias,
                AdapterPart.Magnitude => suffixes.Magnitude,
                _ => tensor.Name[layer.Length..],
            };
            AddCast(found.Names[0].Name + suffix, tensor, name, layer);
        }

        if (alpha is { } written && WritesAlpha)
        {
            byte[] bytes = NumberEncoder.Encode(TensorType.Float32, [written]);
            Add(found.Names[0].Name + PartSuffixes.Alpha, TensorType.Float32, [], sink => sink(bytes), layer);
        }
    }

    private string? ReasonOf(string layer) =>
        adapter.KeptLayers.Where(kept => kept.Name == layer).Select(static kept => kept.Reason).FirstOrDefault()
        ?? adapter.Layers.Where(known => known.Name == layer).Select(static known => known.AdapterKind.ToString()).FirstOrDefault();

    private static bool HasAlpha(List<(TensorEntry Tensor, AdapterTensorName Name)> parts) =>
        parts.Exists(static part => part.Name.Part == AdapterPart.Alpha);

    // The alpha of a scale that only settings say; its rank is that of the factors that readers divide it by.
    private static double? AlphaOf(AdapterLayer? layer, List<(TensorEntry Tensor, AdapterTensorName Name)> parts) =>
        layer is { IsScaleAssumed: false }
        && !HasAlpha(parts)
        && Array.Find(InnerFactors, suffix => parts.Exists(part => part.Name.Suffix == suffix)) is { } inner
            ? layer.Scale * parts.Find(part => part.Name.Suffix == inner).Tensor.Shape[0]
            : null;

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
                double[] numbers = WeightNumbers.ToDoubles(tensor.Type, adapter.File.Read(tensor));
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
            leftBehind.Add(new UnwrittenLayer(tensor.Name, "a tensor of no layer that is known"));
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
            leftBehind.Add(new UnwrittenLayer(source, "another layer has its new name"));
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
            string what = settings.Naming is { } naming
                ? $"cannot be written with the names of {naming}"
                : "cannot be written as pairs of factors";
            throw new ConversionException(
                adapter.Path,
                "NotExpressible",
                $"{what}: {NameSummary.Count(layers, "layer", architecture)}: {sample}."
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
