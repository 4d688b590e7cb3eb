using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Resizing;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>Small adapters of every kind mean what was worked out for them outside the project, before a resize and after one.</summary>
public sealed class MicrofixtureTests
{
    private const double Accuracy = 1e-6;

    /// <summary>The kinds that are copied; they have no low-rank form.</summary>
    private static readonly string[] Copied = ["ia3 lycoris on_input", "diag-oft alpha=0"];

    /// <summary>Every fixture that has a low-rank form.</summary>
    public static TheoryData<string> Resized =>
        [.. Microfixture.All.Select(static fixture => fixture.Name).Where(static name => !Copied.Contains(name))];

    /// <summary>The others.</summary>
    public static TheoryData<string> Kept => [.. Copied];

    [Theory]
    [MemberData(nameof(Resized))]
    public void The_tests_own_definition_gives_the_expected_change(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        var fixture = Microfixture.Get(name);
        Tensor? weight = fixture.Base is null ? null : Microfixture.ToDoubles(fixture.Base);
        AssertChange(fixture, PlainKinds.ChangeOf(fixture.Parts(), weight)!);
    }

    [Theory]
    [MemberData(nameof(Resized))]
    public void The_engine_means_the_expected_change(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        var fixture = Microfixture.Get(name);
        using KindScene scene = Open(fixture);
        AdapterLayer layer = scene.Adapter.Layers.Single(static layer => layer.Name == Microfixture.Layer);
        AssertChange(fixture, WrittenLayer.Delta(scene.Adapter.File, layer));
    }

    [Theory]
    [MemberData(nameof(Resized))]
    public void An_output_that_keeps_everything_means_the_expected_change(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        var fixture = Microfixture.Get(name);
        Tensor? weight = fixture.Base is null ? null : Microfixture.ToDoubles(fixture.Base);
        using KindScene scene = Open(fixture);
        foreach (OutputKind kind in Enum.GetValues<OutputKind>())
        {
            using KindOutput output = scene.Resize("rank=100000", kind);
            AssertChange(fixture, PlainKinds.ChangeOf(output.PartsOf(Microfixture.Layer), weight)!);
            using Adapter again = Adapter.Open(output.File.Path);
            if (again.Layers.FirstOrDefault(static layer => layer.Name == Microfixture.Layer) is { } layer)
            {
                AssertChange(fixture, WrittenLayer.Delta(again.File, layer));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public void A_kind_without_a_low_rank_form_is_copied_unchanged(string name)
    {
        var fixture = Microfixture.Get(name);
        using KindScene scene = Open(fixture);
        Assert.DoesNotContain(scene.Adapter.Layers, static layer => layer.Name == Microfixture.Layer);
        Assert.Contains(scene.Adapter.KeptLayers, static layer => layer.Name == Microfixture.Layer);
        foreach (OutputKind kind in Enum.GetValues<OutputKind>())
        {
            using KindOutput output = scene.Resize("rank=1", kind);
            Assert.All(fixture.Tensors, tensor => Assert.Equal(tensor.Bytes, output.Read(tensor.Name)));
        }
    }

    // A second layer is resized in any case, so that there is something to write.
    private static KindScene Open(Microfixture fixture)
    {
        var gaussian = new Gaussian(1);
        SampleTensor[] other =
        [
            SampleTensor.Of("y.lora_down.weight", TensorType.Float32, [3, 5], gaussian.Numbers(15)),
            SampleTensor.Of("y.lora_up.weight", TensorType.Float32, [6, 3], gaussian.Numbers(18)),
        ];
        SampleTensor[] weights = fixture.Base is null
            ? []
            : [fixture.Base, SampleTensor.Of("y.weight", TensorType.Float64, [6, 5], gaussian.Numbers(30))];
        return new KindScene([.. fixture.Tensors, .. other], weights);
    }

    private static void AssertChange(Microfixture fixture, Tensor change)
    {
        AssertNear(fixture.Expected, fixture, change, ofOriginal: false);
        if (fixture.ExpectedByComfyUI is { } expected)
        {
            AssertNear(expected, fixture, change, ofOriginal: true);
        }
    }

    // What a DoRA means is the change that its magnitudes make of W + ΔW.
    private static void AssertNear(double[] expected, Microfixture fixture, Tensor change, bool ofOriginal)
    {
        Tensor meant =
            fixture.Parts().TryGetValue(PlainParts.Magnitude, out Tensor? magnitude) && fixture.Base is { } weight
                ? PlainKinds.Decomposed(Microfixture.ToDoubles(weight), change, magnitude, ofOriginal)
                : change;
        double[] found = Dense.ToArray(meant.reshape(-1));
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), static pair => Assert.Equal(pair.First, pair.Second, Accuracy));
    }
}
