using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Comparison;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>What is done with a LoRA is done with every kind: it is compared, merged, taken up again, rescaled and rounded.</summary>
public sealed class KindUseTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The kinds whose ΔW needs no base weight.</summary>
    public static TheoryData<string> Kinds => [.. KindTensors.Own];

    /// <summary>Those without magnitudes, which a sum of changes does not know.</summary>
    public static TheoryData<string> Plain => [.. KindTensors.Own.Where(static kind => !KindTensors.IsDoRA(kind))];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Plain))]
    public void A_file_of_any_kind_is_compared_with_what_was_made_of_it(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(KindFile.Layers(kind, seed: 81, count: 7).SelectMany(static layer => layer.Tensors));
        using KindOutput output = scene.Resize("rank=2", OutputKind.LoRA);
        using var session = new ResizeSession("cpu", [], new NormCache(folder.PathOf("cache")));
        using var comparer = new LoraComparer(session, scene.InputPath);
        using Adapter other = Adapter.Open(output.File.Path);
        LoraComparison comparison = comparer.Compare(other, layerNames: null, null, CancellationToken.None);
        Assert.Equal(scene.Job.Layers.Count, comparison.Layers.Count);
        foreach (LayerComparison layer in comparison.Layers)
        {
            Tensor whole = PlainKinds.Flat(PlainKinds.ChangeOf(scene.PartsOf(layer.Layer))!);
            Tensor made = PlainKinds.Flat(PlainKinds.ChangeOf(output.PartsOf(layer.Layer))!);
            double size = WrittenLayer.Norm(whole);
            Assert.Equal(size, layer.ReferenceNorm, 1e-5 * size);
            Assert.Equal(WrittenLayer.Norm(whole - made), layer.Distance, 1e-5 * size);
        }
    }

    [Theory]
    [MemberData(nameof(Plain))]
    public void A_file_of_any_kind_is_compared_with_a_LoRA_of_the_same_layers(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        string first = Write(kind, "first");
        string second = Write(KindTensors.LoRA, "second");
        using var session = new ResizeSession("cpu", [], new NormCache(folder.PathOf("cache")));
        using var comparer = new LoraComparer(session, first);
        using Adapter other = Adapter.Open(second);
        LoraComparison comparison = comparer.Compare(other, layerNames: null, null, CancellationToken.None);
        using SafetensorsFile left = SafetensorsFile.Open(first);
        using SafetensorsFile right = SafetensorsFile.Open(second);
        Assert.Equal(8, comparison.Layers.Count);
        foreach (LayerComparison layer in comparison.Layers)
        {
            Tensor own = PlainKinds.Flat(PlainKinds.ChangeOf(KindFile.PartsOf(left, layer.Layer))!);
            Tensor its = PlainKinds.Flat(PlainKinds.ChangeOf(KindFile.PartsOf(right, layer.Layer))!);
            double distance = WrittenLayer.Norm(own - its);
            Assert.Equal(distance, layer.Distance, 1e-5 * distance);
        }
    }

    [Theory]
    [MemberData(nameof(Plain))]
    public void Over_a_base_model_a_convolution_is_written_with_its_kernel(string kind)
    {
        (string Name, long[] Weight, SampleTensor[] Tensors)[] layers = KindFile.OverBase(kind, seed: 91);
        using var scene = new KindScene(layers.SelectMany(static layer => layer.Tensors), KindFile.BaseOf(layers));
        using KindOutput output = scene.Resize("spn_ckpt=1,thr=-9", OutputKind.LoRA);
        foreach ((string name, long[] weight, _) in layers)
        {
            TensorEntry down = output.File.Find($"{name}.lora_down.weight")!;
            Assert.Equal(weight[1..].Where(static side => side > 1), down.Shape.Skip(1).Where(static side => side > 1));
        }
    }

    [Theory]
    [MemberData(nameof(Plain))]
    public void Merged_with_a_LoRA_it_is_the_weighted_sum(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        string first = Write(kind, "first");
        string second = Write(KindTensors.LoRA, "second");
        using Adapter merged = MergedLora.Create([(first, 0.7), (second, -0.4)]).Open();
        using SafetensorsFile left = SafetensorsFile.Open(first);
        using SafetensorsFile right = SafetensorsFile.Open(second);
        Assert.Equal(8, merged.Layers.Count);
        foreach (AdapterLayer layer in merged.Layers)
        {
            Tensor own = PlainKinds.Flat(PlainKinds.ChangeOf(KindFile.PartsOf(left, layer.Name))!);
            Tensor its = PlainKinds.Flat(PlainKinds.ChangeOf(KindFile.PartsOf(right, layer.Name))!);
            Tensor expected = PlainKinds.Scaled(own, 0.7) - PlainKinds.Scaled(its, 0.4);
            double error = WrittenLayer.Norm(WrittenLayer.Delta(merged.File, layer) - expected);
            Assert.True(error <= 1e-6 * WrittenLayer.Norm(expected), $"{layer.Name}: off by {error:g3}.");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Layers_that_were_decomposed_before_are_written_the_same(string kind)
    {
        using var scene = new KindScene(KindFile.Layers(kind, seed: 83, count: 7).SelectMany(static layer => layer.Tensors));
        AssertWrittenAgain(scene);
    }

    [Theory]
    [InlineData(KindTensors.GLoRA)]
    [InlineData(KindTensors.DoRAOutput)]
    [InlineData(KindTensors.LoKrDoRA)]
    public void So_are_layers_over_their_base_weights(string kind)
    {
        (string Name, long[] Weight, SampleTensor[] Tensors)[] layers = KindFile.OverBase(kind, seed: 93);
        using var scene = new KindScene(layers.SelectMany(static layer => layer.Tensors), KindFile.BaseOf(layers));
        AssertWrittenAgain(scene);
    }

    [Fact]
    public void So_are_whole_differences()
    {
        SampleTensor difference = SampleTensor.Of("lora_unet_a.diff", TensorType.Float32, [9, 7], new Gaussian(95).Numbers(63));
        using var scene = new KindScene([difference], includeDifference: true);
        AssertWrittenAgain(scene, includeDifference: true);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_layer_any_tensor_of_which_was_changed_since_is_refused(string kind)
    {
        SampleTensor[] tensors = KindFile.Layers(kind, seed: 85, count: 4)[3].Tensors;
        foreach (SampleTensor changed in tensors)
        {
            using var scene = new KindScene(tensors);
            DateTime time = File.GetLastWriteTimeUtc(scene.InputPath);
            scene.Job.Dispose();
            SampleFiles.Write(scene.InputPath, tensors.Select(tensor => tensor == changed ? Changed(tensor) : tensor));
            File.SetLastWriteTimeUtc(scene.InputPath, time);

            // Nothing asks for the alpha of a LoKr of two whole halves.
            if (kind is KindTensors.LoKr && changed.Name.EndsWith(".alpha", StringComparison.Ordinal))
            {
                continue;
            }

            Exception? exception = Record.Exception(() =>
            {
                using ResizeJob job = scene.Adopt();
                ResizePlan plan = job.Plan(ResizeRecipe.Parse("rank=1"), TensorType.Float32, OutputKind.LoRA, null, CancellationToken.None);
                job.Write(plan, folder.PathOf("stale.safetensors"), overwrite: true, null, CancellationToken.None);
            });
            Assert.True(exception is AdapterException { Defect: "Stale" }, $"{changed.Name}: {exception?.Message ?? "no error"}");
        }
    }

    [Theory]
    [MemberData(nameof(Plain))]
    public void Rescaling_multiplies_the_change(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(KindFile.Layers(kind, seed: 87, count: 7).SelectMany(static layer => layer.Tensors));
        foreach (OutputKind outputKind in Enum.GetValues<OutputKind>())
        {
            using KindOutput output = scene.Resize("rescale=0.5,rank=100000", outputKind);
            foreach (LayerResult layer in output.Layers)
            {
                Tensor expected = PlainKinds.Scaled(PlainKinds.Flat(PlainKinds.ChangeOf(scene.PartsOf(layer.Layer))!), 0.5);
                Tensor found = PlainKinds.Flat(PlainKinds.ChangeOf(output.PartsOf(layer.Layer))!);
                double error = WrittenLayer.Norm(found - expected) / WrittenLayer.Norm(expected);
                Assert.True(error <= 1e-5, $"{layer} as {outputKind}: off by {error:g3}.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Shorter_types_round_and_do_nothing_else(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new KindScene(KindFile.Layers(kind, seed: 89, count: 7).SelectMany(static layer => layer.Tensors));
        foreach ((TensorType type, double rounding) in ((TensorType, double)[])[(TensorType.Float16, 1e-3), (TensorType.BFloat16, 8e-3)])
        {
            foreach (OutputKind outputKind in Enum.GetValues<OutputKind>())
            {
                using KindOutput output = scene.Resize("rank=3", outputKind, type);
                foreach (LayerResult layer in output.Layers)
                {
                    double error = PlainKinds.ErrorOf(scene.PartsOf(layer.Layer), output.PartsOf(layer.Layer), layer.NewRank);
                    Assert.True(error <= rounding, $"{layer} as {outputKind}, {type}: off by {error:g3}.");
                }
            }
        }
    }

    private void AssertWrittenAgain(KindScene scene, bool includeDifference = false)
    {
        foreach (OutputKind outputKind in Enum.GetValues<OutputKind>())
        {
            using KindOutput output = scene.Resize("rank=2", outputKind);
            using ResizeJob job = scene.Adopt(includeDifference);
            string path = folder.PathOf($"{outputKind}.safetensors");
            ResizePlan plan = job.Plan(ResizeRecipe.Parse("rank=2"), TensorType.Float32, outputKind, null, CancellationToken.None);
            job.Write(plan, path, overwrite: false, null, CancellationToken.None);
            using SafetensorsFile again = SafetensorsFile.Open(path);
            Assert.Equal(
                output.File.Header.Tensors.Select(static entry => entry.Name),
                again.Header.Tensors.Select(static entry => entry.Name)
            );
            Assert.All(again.Header.Tensors, entry => Assert.Equal(output.Read(entry.Name), again.Read(entry)));
        }
    }

    private static SampleTensor Changed(SampleTensor tensor)
    {
        byte[] bytes = [.. tensor.Bytes];
        bytes[^2] ^= 1;
        return tensor with { Bytes = bytes };
    }

    // The same names and shapes in every kind.
    private string Write(string kind, string name) =>
        SampleFiles.Write(
            folder.PathOf($"{name}.safetensors"),
            Enumerable
                .Range(0, 8)
                .SelectMany(index =>
                {
                    var gaussian = new Gaussian((name.Length * 100) + index);
                    long[] weight = index % 2 == 0 ? [12, 6 + index] : [8, 6, 3, 3];
                    return KindTensors
                        .Of(kind, weight, 3)
                        .Select(factor =>
                        {
                            int count = (int)factor.Shape.Aggregate(1L, static (product, side) => product * side);
                            string tensor = FormattableString.Invariant($"{KindFile.Layer}{index}{factor.Ending}");
                            return SampleTensor.Of(tensor, TensorType.Float32, factor.Shape, gaussian.Numbers(count, 0.5));
                        });
                })
        );
}
