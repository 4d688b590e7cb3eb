using System.Text.Json.Nodes;
using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// Concatenates LoRA files exactly: of a layer the downs are stacked and the ups set side by side, so that one product is
/// Σ wᵢ·scaleᵢ·Bᵢ·Aᵢ. The layer's own scale is the largest |wᵢ·scaleᵢ|; what the others differ by is multiplied into their ups,
/// in double precision unless it is 1, or a power of two on half-precision numbers, which single precision holds exactly.
/// </summary>
internal static class LoraMerger
{
    /// <summary>The metadata key under which an output says what it was merged from.</summary>
    public const string MergeKey = "merge_params";

    private const string CommentKey = "ss_training_comment";
    private const string AlphaSuffix = ".alpha";

    /// <summary>Merges open files; they belong to the result, also when this throws.</summary>
    /// <param name="merge">The merge.</param>
    /// <param name="path">The path that the merge goes by.</param>
    /// <param name="adapters">The files with their weights, none of them zero.</param>
    /// <param name="leftOut">Which tensors have no place in the merge, because an earlier one has their name.</param>
    public static Adapter Merge(
        MergedLora merge,
        string path,
        IReadOnlyList<(Adapter Adapter, double Weight)> adapters,
        out IReadOnlyList<string> leftOut
    )
    {
        var tensors = new List<(string Name, TensorType Type, IReadOnlyList<long> Shape)>();
        var factors = new Dictionary<string, IFactor>(StringComparer.Ordinal);
        var alphas = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var scaled = new List<(AdapterLayer First, double Alpha)>();
        AdapterDialect spelling = CommonSpelling(adapters);
        foreach (IReadOnlyList<Share> shares in Match(adapters))
        {
            AdapterLayer first = NameGiver(shares, spelling);
            if (first.IsFlat)
            {
                // Another of the layers may tell the kernel.
                first = first with
                {
                    KnownInputShape = shares.Select(static share => share.Layer.InputShape).MaxBy(static shape => shape.Count),
                };
            }

            Share[] telling = shares.Where(static share => share.Scale != 0).ToArray();
            telling = telling.Length > 0 ? telling : [shares[0]];
            double scale = telling.Max(static share => Math.Abs(share.Scale));
            double[] ratios = Array.ConvertAll(telling, share => scale > 0 ? share.Scale / scale : 1);
            int rank = telling.Sum(static share => share.Layer.Rank);
            if (Math.Max(first.OutFeatures, first.InFeatures) * (long)rank > Adapter.MostElements)
            {
                throw new MergeException(
                    "Unsupported",
                    $"'{shares[^1].Adapter.Path}', layer '{first.Name}': of rank {rank}, the merged layer is larger than 2 GiB in "
                        + $"double precision.",
                    shares[^1].Adapter.Path
                );
            }

            StackedFactor.Part[] downs = telling.Select(static share => new StackedFactor.Part(share.Down, share.Layer.Rank, 1)).ToArray();
            StackedFactor.Part[] ups = telling
                .Zip(ratios, static (share, ratio) => new StackedFactor.Part(share.Up, share.Layer.Rank, ratio))
                .ToArray();
            TensorType downType = TypeFor(downs);
            TensorType upType = TypeFor(ups);
            string alphaName = first.AlphaTensor?.Name ?? $"{first.Name}{AlphaSuffix}";
            factors.Add(first.DownName, new StackedFactor(downType, rank, first.InFeatures, Stacked: true, downs));
            factors.Add(first.UpName, new StackedFactor(upType, first.OutFeatures, rank, Stacked: false, ups));
            alphas.Add(alphaName, BitConverter.GetBytes(scale * rank));
            tensors.Add((alphaName, TensorType.Float64, []));
            tensors.Add((first.DownName, downType, [rank, .. first.InputShape]));
            tensors.Add((first.UpName, upType, [first.OutFeatures, rank, .. Enumerable.Repeat(1L, first.InputShape.Count - 1)]));
            scaled.Add((first, scale * rank));
        }

        Dictionary<string, (ITensorFile File, TensorEntry Tensor)> copies = Others(
            adapters,
            tensors.Select(static tensor => tensor.Name).ToHashSet(StringComparer.Ordinal),
            out leftOut
        );
        tensors.AddRange(copies.Select(static copy => (copy.Key, copy.Value.Tensor.Type, copy.Value.Tensor.Shape)));
        SafetensorsHeader header = SafetensorsHeader.Of(SafetensorsLayout.Create(tensors, MetadataOf(merge, adapters[0].Adapter)));
        var file = new MergedFile(path, adapters.Select(static source => source.Adapter).ToArray(), header, factors, alphas, copies);
        AdapterLayer[] layers = scaled
            .Select(layer =>
                layer.First with
                {
                    Down = file.Find(layer.First.DownName)!,
                    Up = file.Find(layer.First.UpName)!,
                    StoredTensors = null,
                    Kronecker = null,
                    Hadamard = null,
                    IsMatrix = false,
                    AdapterKind = layer.First.InputShape.Skip(1).Any(static side => side > 1) ? AdapterKind.LoCon : AdapterKind.LoRA,
                    Alpha = layer.Alpha,
                    AlphaTensor = layer.First.AlphaTensor is { } alpha ? file.Find(alpha.Name) : null,
                }
            )
            .ToArray();
        TensorEntry[] others = [.. header.Tensors.Where(tensor => copies.ContainsKey(tensor.Name))];
        return new Adapter(file, layers, others, [], merge)
        {
            Architecture = adapters.Select(static source => source.Adapter.Architecture).FirstOrDefault(static known => known is not null),
        };
    }

    // The spelling that most layers have: so the names do not depend on the order of the files.
    private static AdapterDialect CommonSpelling(IReadOnlyList<(Adapter Adapter, double Weight)> adapters) =>
        adapters
            .SelectMany(static source => source.Adapter.Layers)
            .GroupBy(static layer => layer.Spelling.Dialect)
            .OrderByDescending(static group => group.Count())
            .ThenBy(static group => group.Key)
            .Select(static group => group.Key)
            .FirstOrDefault();

    private static AdapterLayer NameGiver(IReadOnlyList<Share> shares, AdapterDialect spelling) =>
        shares
            .Select(static share => share.Layer)
            .OrderBy(layer => layer.Spelling.Dialect != spelling)
            .ThenBy(static layer => layer.Spelling.Dialect)
            .ThenBy(static layer => layer.Name, StringComparer.Ordinal)
            .First();

    // Layers by what they stand over, in the order in which the files name them first.
    private static List<List<Share>> Match(IReadOnlyList<(Adapter Adapter, double Weight)> adapters)
    {
        var matched = new List<List<Share>>();
        var known = new Dictionary<LayerKey, List<Share>>();
        foreach ((Adapter adapter, double weight) in adapters)
        {
            // The blocks of a fused layer are merged as the one that the file has.
            foreach (
                AdapterLayer layer in adapter
                    .Layers.Select(static layer => layer.Fused?.Whole ?? layer)
                    .DistinctBy(static layer => layer.Name)
            )
            {
                if (!known.TryGetValue(layer.Key, out List<Share>? shares))
                {
                    known.Add(layer.Key, shares = []);
                    matched.Add(shares);
                }

                shares.Add(new Share(adapter, layer, weight * layer.Scale));
                RequireShape(shares[0], shares[^1]);
            }
        }

        // The same factors in whatever order the files came.
        matched.ForEach(static shares =>
            shares.Sort(
                static (left, right) =>
                    string.CompareOrdinal(left.Adapter.ContentKey, right.Adapter.ContentKey) is int order and not 0
                        ? order
                        : left.Scale.CompareTo(right.Scale)
            )
        );
        return matched;
    }

    private static void RequireShape(Share first, Share other)
    {
        AdapterLayer left = first.Layer;
        AdapterLayer right = other.Layer;

        if (!left.HasWeightShapeOf(right))
        {
            throw new MergeException(
                "Shape",
                $"'{other.Adapter.Path}', layer '{right.Name}': lora_down {right.Down.ShapeText} and lora_up {right.Up.ShapeText} "
                    + $"do not fit {left.Down.ShapeText} and {left.Up.ShapeText} of '{first.Adapter.Path}'; "
                    + "the files are of different base models.",
                other.Adapter.Path
            );
        }
    }

    private static TensorType TypeFor(StackedFactor.Part[] parts)
    {
        TensorType[] types = parts.Select(static part => part.Factor.Type).Distinct().ToArray();
        if (parts.All(static part => part.Ratio == 1))
        {
            return types.Length == 1 ? types[0]
                : types.Contains(TensorType.Float64) ? TensorType.Float64
                : TensorType.Float32;
        }

        return types is [TensorType.Float16] && parts.All(static part => IsPowerOfTwo(part.Ratio))
            ? TensorType.Float32
            : TensorType.Float64;
    }

    // Down to 2^-60: the smallest half, 2^-24, times that is still far from single precision's subnormals.
    private static bool IsPowerOfTwo(double ratio) =>
        Math.Abs(ratio) is var size && size is >= 8.7e-19 and <= 1 && (BitConverter.DoubleToInt64Bits(size) & 0xFFFFFFFFFFFFF) == 0;

    private static Dictionary<string, (ITensorFile File, TensorEntry Tensor)> Others(
        IReadOnlyList<(Adapter Adapter, double Weight)> adapters,
        HashSet<string> taken,
        out IReadOnlyList<string> leftOut
    )
    {
        var displaced = new List<string>();
        var copies = new Dictionary<string, (ITensorFile, TensorEntry)>(StringComparer.Ordinal);
        foreach ((Adapter adapter, _) in adapters)
        {
            if (adapter.KeptLayers.Count > 0)
            {
                string count = NameSummary.Count([.. adapter.KeptLayers.Select(static layer => layer.Name)], "layer");
                string sample = NameSummary.Sample([.. adapter.KeptLayers.Select(static layer => $"{layer.Name} ({layer.Reason})")]);
                throw new MergeException(
                    "Unsupported",
                    $"'{adapter.Path}' cannot be merged: only layers that are products of factors have a weighted sum, "
                        + $"and without {count} the sum would be another: {sample}.",
                    adapter.Path
                );
            }

            if (adapter.Layers.FirstOrDefault(static layer => layer.Magnitude is not null) is { } layer)
            {
                throw new MergeException(
                    "Unsupported",
                    $"'{adapter.Path}' cannot be merged: the magnitudes of DoRA have no weighted sum, as in layer '{layer.Name}'.",
                    adapter.Path
                );
            }

            foreach (TensorEntry tensor in adapter.OtherTensors)
            {
                if (taken.Contains(tensor.Name) || !copies.TryAdd(tensor.Name, (adapter.File, tensor)))
                {
                    displaced.Add($"{tensor.Name} of '{adapter.Path}'");
                }
            }
        }

        leftOut = displaced;
        return copies;
    }

    private static Dictionary<string, string> MetadataOf(MergedLora merge, Adapter first)
    {
        var metadata = new Dictionary<string, string>(first.Metadata, StringComparer.Ordinal);

        // It told of the first file alone; whoever writes the merge says how that was done.
        metadata.Remove(Adapter.ResizeKey);
        var sources = new JsonArray([
            .. merge.Sources.Select(static source =>
                (JsonNode)new JsonObject { ["file"] = Path.GetFileName(source.Path), ["weight"] = source.Weight }
            ),
        ]);
        metadata[MergeKey] = new JsonObject { ["sources"] = sources }.ToJsonString();
        metadata[CommentKey] = $"merged from {string.Join(" + ", merge.Sources)}; {metadata.GetValueOrDefault(CommentKey)}";
        return metadata;
    }

    private sealed record Share(Adapter Adapter, AdapterLayer Layer, double Scale)
    {
        public IFactor Down => new StoredFactor(Adapter.File, Layer.Down);

        public IFactor Up => new StoredFactor(Adapter.File, Layer.Up);
    }
}
