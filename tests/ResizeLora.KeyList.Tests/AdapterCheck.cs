using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.KeyLists;

/// <summary>Resizes one adapter against one base model and holds everything against a plain computation in double precision.</summary>
internal sealed class AdapterCheck
{
    // The engine promises 1e-5 for base norms, and for the product of factors written in single precision.
    private const double Accuracy = 2e-5;

    private readonly KeyList list;
    private readonly BaseModel model;
    private readonly IReadOnlyList<PlainLayer> layers;
    private readonly HashSet<string> layersWithMagnitude;
    private readonly Dictionary<string, (double Spectral, double Frobenius)> norms = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (Tensor U, double[] SingularValues, Tensor Vh)> spectra = new(StringComparer.Ordinal);

    private AdapterCheck(KeyList list, BaseModel model)
    {
        this.list = list;
        this.model = model;
        layers = PlainLora.LayersOf(list);
        layersWithMagnitude = [.. layers.Where(static layer => layer.HasMagnitude).Select(static layer => layer.Name)];
    }

    /// <summary>The layers whose weight the base model has by the written mapping.</summary>
    public int BasedCount => norms.Count;

    /// <summary>All low-rank layers.</summary>
    public int LayerCount => layers.Count;

    /// <summary>Runs everything.</summary>
    /// <param name="list">The adapter.</param>
    /// <param name="model">The base model.</param>
    /// <param name="isWhole">Whether the base model must have a weight of the right shape for every layer.</param>
    public static AdapterCheck Run(KeyList list, BaseModel model, bool isWhole = true)
    {
        using DisposeScope scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var check = new AdapterCheck(list, model);
        check.Measure(isWhole);
        check.Resize(folder);
        return check;
    }

    private void Measure(bool isWhole)
    {
        var missing = new List<string>();
        foreach (PlainLayer layer in layers)
        {
            spectra.Add(layer.Name, layer.Decompose());
            if (model.WeightOf(layer.Name) is { } weight && IsOfShape(layer, weight.Shape))
            {
                norms.Add(layer.Name, weight.Norms());
            }
            else
            {
                missing.Add($"{layer.Name} {layer.WeightShape}, base {model.WeightOf(layer.Name)?.Shape}");
            }
        }

        if (isWhole && missing.Count > 0)
        {
            Assert.Fail($"The test's own mapping lacks {missing.Count} of {layers.Count}: {string.Join("; ", missing.Take(5))}");
        }
    }

    private void Resize(TemporaryFolder folder)
    {
        string path = list.Write(folder.PathOf(list.Settings is null ? "lora.safetensors" : "adapter_model.safetensors"));
        using ResizeSession session = model.Open();
        Adapter adapter = Adapter.Open(path);
        AssertNothingIsLost(adapter);
        if (norms.Count == 0)
        {
            adapter.Dispose();
            return;
        }

        session.RequireMatch(adapter);
        using ResizeJob job = ResizeJob.Decompose(session, adapter, null, CancellationToken.None);
        AssertSpectra(job.Layers);

        // In its own kind a layer has other ranks to choose from.
        OutputKind kind = layers.All(static layer => layer.IsPair) ? OutputKind.Smallest : OutputKind.LoRA;
        (string frobenius, Dictionary<string, int> ranks) = Expect("fro_ckpt", static norms => norms.Frobenius);
        AssertRanks(job.Plan(ResizeRecipe.Parse(frobenius), TensorType.Float32, kind, null, CancellationToken.None), ranks);
        (string spectral, ranks) = Expect("spn_ckpt", static norms => norms.Spectral);
        ResizePlan plan = job.Plan(ResizeRecipe.Parse(spectral), TensorType.Float32, kind, null, CancellationToken.None);
        AssertRanks(plan, ranks);
        Directory.CreateDirectory(folder.PathOf("out"));
        string output = folder.PathOf(Path.Combine("out", Path.GetFileName(path)));
        job.Write(plan, output, overwrite: false, null, CancellationToken.None);
        AssertOutput(output, ranks);
    }

    private void AssertNothingIsLost(Adapter adapter)
    {
        IEnumerable<string> known = adapter
            .Layers.SelectMany(static layer => layer.Tensors)
            .Concat(adapter.OtherTensors)
            .Select(static tensor => tensor.Name);
        Assert.Equal(list.Tensors.Select(static tensor => tensor.Name).Order(StringComparer.Ordinal), known.Order(StringComparer.Ordinal));
        Assert.Equal(
            layers.Select(static layer => layer.Name).Order(StringComparer.Ordinal),
            adapter.Layers.Select(static layer => layer.Name).Order(StringComparer.Ordinal)
        );
    }

    private void AssertSpectra(IReadOnlyList<LayerSpectrum> found)
    {
        var wrong = new List<string>();
        foreach (LayerSpectrum layer in found)
        {
            double[] expected = spectra[layer.Layer].SingularValues;
            bool fits =
                Math.Min(layer.SingularValues.Length, expected.Length) is var count
                && expected.Take(count).Zip(layer.SingularValues).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-4 * expected[0]);
            if (!fits)
            {
                wrong.Add($"{layer.Layer}: σ {Shown(layer.SingularValues)}, expected {Shown(expected)}");
            }

            (double Spectral, double Frobenius)? basis = norms.TryGetValue(layer.Layer, out var known) ? known : null;
            if (!IsNear(layer.BaseSpectralNorm, basis?.Spectral) || !IsNear(layer.BaseFrobeniusNorm, basis?.Frobenius))
            {
                wrong.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{layer.Layer}: base σ {layer.BaseSpectralNorm:g6}, ‖W‖ {layer.BaseFrobeniusNorm:g6}, expected {basis:g6}"
                    )
                );
            }
        }

        AssertNone(wrong, found.Count);
    }

    // A threshold in the middle of the widest gap near the median, so that no rounding decides.
    private (string Recipe, Dictionary<string, int> Ranks) Expect(string key, Func<(double Spectral, double Frobenius), double> norm)
    {
        double ScoreOf(string layer, double value) => Math.Log10(value / norm(norms[layer]));
        double[] scores =
        [
            .. norms
                .Keys.SelectMany(layer =>
                    spectra[layer].SingularValues.Where(static value => value > 1e-9).Select(value => ScoreOf(layer, value))
                )
                .Order(),
        ];
        int from = scores.Length * 2 / 5;
        int widest = Enumerable
            .Range(from, Math.Max(1, scores.Length / 5))
            .MaxBy(index => index + 1 < scores.Length ? scores[index + 1] - scores[index] : 0);
        double threshold = widest + 1 < scores.Length ? (scores[widest] + scores[widest + 1]) / 2 : scores[^1] - 1;
        return (
            string.Create(CultureInfo.InvariantCulture, $"{key}=1,thr={threshold:R}"),
            norms.Keys.ToDictionary(
                static layer => layer,
                layer =>
                    Math.Max(
                        LoaderMarks.Has(layer) || layersWithMagnitude.Contains(layer) ? 1 : 0,
                        spectra[layer].SingularValues.Count(value => value > 0 && ScoreOf(layer, value) > threshold)
                    ),
                StringComparer.Ordinal
            )
        );
    }

    private static void AssertRanks(ResizePlan plan, Dictionary<string, int> ranks)
    {
        Assert.Equal(ranks.Count, plan.Layers.Count);
        AssertNone(
            [
                .. plan
                    .Layers.Where(layer => ranks[layer.Result.Layer] != layer.Result.NewRank)
                    .Select(layer => $"{layer.Result}, expected {ranks[layer.Result.Layer]}"),
            ],
            ranks.Count
        );
    }

    private void AssertOutput(string path, Dictionary<string, int> ranks)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        KeyList output = WrittenList.Read(file, path);
        Dictionary<string, PlainLayer> written = PlainLora
            .LayersOf(output)
            .ToDictionary(static layer => layer.Name, StringComparer.Ordinal);
        HashSet<string> resized = layers
            .Where(layer => ranks.ContainsKey(layer.Name))
            .SelectMany(static layer => layer.Resized)
            .Select(static tensor => tensor.Name)
            .ToHashSet(StringComparer.Ordinal);
        HashSet<string> input = list.Tensors.Select(static tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        HashSet<string> converted = layers.Where(static layer => !layer.IsPair).Select(static layer => layer.Name).ToHashSet();
        Assert.DoesNotContain(
            output.Tensors,
            tensor => !input.Contains(tensor.Name) && !converted.Contains(PlainNames.Read(tensor.Name)?.Layer ?? string.Empty)
        );
        foreach (ListedTensor tensor in list.Tensors.Where(tensor => !resized.Contains(tensor.Name)))
        {
            Assert.True(file.Find(tensor.Name) is { } kept && file.Read(kept).AsSpan().SequenceEqual(tensor.ToSample().Bytes), tensor.Name);
        }

        var wrong = new List<string>();
        foreach (PlainLayer layer in layers.Where(layer => ranks.ContainsKey(layer.Name)))
        {
            int rank = ranks[layer.Name];
            if (rank == 0)
            {
                Assert.False(written.ContainsKey(layer.Name) || file.Find($"{layer.Name}.alpha") is not null, layer.Name);
                continue;
            }

            (Tensor u, double[] values, Tensor vh) = spectra[layer.Name];
            Tensor expected = u.narrow(1, 0, rank).mul(tensor(values[..rank], ScalarType.Float64)).matmul(vh.narrow(0, 0, rank));
            PlainLayer found = written[layer.Name];
            double size = Math.Sqrt(values.Sum(static value => value * value));
            double error = found.Product().sub(expected).norm().item<double>() / size;
            if (found.Rank != rank || error > Accuracy)
            {
                wrong.Add($"{layer.Name}: rank {found.Rank} for {rank}, ΔW off by {error.ToString("g3", CultureInfo.InvariantCulture)}");
            }
        }

        AssertNone(wrong, ranks.Count);
    }

    // LyCORIS stores the factors of LoHa flat, so that the file does not tell the kernel.
    private static bool IsOfShape(PlainLayer layer, string shape)
    {
        static long Product(IEnumerable<string> sides) =>
            sides.Aggregate(1L, static (product, side) => product * long.Parse(side, CultureInfo.InvariantCulture));
        string[] own = layer.WeightShape.Split('x');
        string[] known = shape.Split('x');
        return layer.WeightShape == shape
            || (!layer.IsPair && own.Length == 2 && own[0] == known[0] && Product(own.Skip(1)) == Product(known.Skip(1)));
    }

    private static bool IsNear(double? found, double? expected) =>
        found is null || expected is null
            ? found is null && expected is null
            : Math.Abs(found.Value - expected.Value) <= Accuracy * expected;

    private static string Shown(double[] values) =>
        string.Join(' ', values.Select(static value => value.ToString("g5", CultureInfo.InvariantCulture)));

    private static void AssertNone(List<string> wrong, int count)
    {
        if (wrong.Count > 0)
        {
            Assert.Fail($"{wrong.Count} of {count}: {string.Join("; ", wrong.Take(5))}");
        }
    }
}

/// <summary>Reads a written file back, its numbers decoded by their definition.</summary>
internal static class WrittenList
{
    public static KeyList Read(SafetensorsFile file, string path)
    {
        string settings = Path.Combine(Path.GetDirectoryName(path)!, "adapter_config.json");
        return new KeyList(
            path,
            [
                .. file.Header.Tensors.Select(tensor =>
                    tensor.Type is TensorType.Float32 or TensorType.Float16 or TensorType.BFloat16
                        ? new ListedTensor(tensor.Name, tensor.Type, [.. tensor.Shape]) { Given = Decode(tensor.Type, file.Read(tensor)) }
                        : new ListedTensor(tensor.Name, tensor.Type, [.. tensor.Shape])
                ),
            ],
            file.Header.Metadata,
            File.Exists(settings) ? File.ReadAllText(settings) : null
        );
    }

    private static double[] Decode(TensorType type, byte[] bytes)
    {
        double[] numbers = new double[bytes.Length / TensorTypes.BytesOf(type)];
        for (int index = 0; index < numbers.Length; index++)
        {
            numbers[index] = type switch
            {
                TensorType.Float32 => BitConverter.ToSingle(bytes, index * 4),
                TensorType.Float16 => (double)BitConverter.ToHalf(bytes, index * 2),
                _ => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes, index * 2) << 16),
            };
        }

        return numbers;
    }
}
