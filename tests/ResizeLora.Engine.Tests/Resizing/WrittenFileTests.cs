using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Resizing;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Resizing;

/// <summary>What is written, read back, is the truncated LoRA.</summary>
public sealed class WrittenFileTests
{
    public static TheoryData<string, TensorType, double> Cases
    {
        get
        {
            var cases = new TheoryData<string, TensorType, double>();
            foreach (
                string recipe in new[]
                {
                    "spn_ckpt=1,thr=-1.2",
                    "spn_lora,thr=-0.5",
                    "fro_ckpt,subspace,thr=-1",
                    "params,fro_lora,thr=-1.5",
                    "spn_lora,thr=-0.7,rescale=1.5",
                    "spn_lora,thr=-inf",
                    "spn_ckpt,size=0.006",
                }
            )
            {
                // What rounding to the output's type alone may change, relative to ‖ΔW‖F.
                cases.Add(recipe, TensorType.Float32, 1e-5);
                cases.Add(recipe, TensorType.Float16, 1e-3);
                cases.Add(recipe, TensorType.BFloat16, 8e-3);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_written_layers_are_the_truncated_ones_at_their_strength(string recipe, TensorType type, double tolerance)
    {
        using var scene = new ResizeScene();
        AssertTruncated(scene, recipe, type, tolerance);
    }

    [Theory]
    [InlineData(TensorType.Float8E4M3, "spn_ckpt=1,thr=-1.2")]
    [InlineData(TensorType.Float8E4M3, "subspace,fro_ckpt,thr=-1")]
    [InlineData(TensorType.Float8E5M2, "spn_lora,thr=-0.5")]
    [InlineData(TensorType.Float8E5M2, "rank=2")]
    public void Layers_of_8_bits_are_resized_by_the_values_that_they_stand_for(TensorType stored, string recipe)
    {
        // The wide one has more ranks than rows, which is decomposed another way.
        SampleLora lora = new SampleLora(9)
            .Layer(ResizeScene.Linear, 40, 32, 8, alpha: 4, stored)
            .Layer(ResizeScene.Convolution, 24, 16, 6, alpha: 3, stored, kernel: 3)
            .Layer(ResizeScene.Query, 20, 24, 30, alpha: 1, stored);
        using var scene = new ResizeScene(lora);
        AssertTruncated(scene, recipe, TensorType.Float32, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_file_is_as_long_as_was_planned_and_the_library_would_order_it_so(string recipe, TensorType type, double tolerance)
    {
        Assert.InRange(tolerance, 0, 1);
        using var scene = new ResizeScene();
        (ResizePlan plan, Adapter output) = scene.Resize(recipe, type);
        using (output)
        {
            Assert.Equal(plan.Length, new FileInfo(output.Path).Length);
            Assert.Equal(
                output
                    .File.Header.Tensors.OrderByDescending(tensor => tensor.Type)
                    .ThenBy(tensor => tensor.Name, StringComparer.Ordinal)
                    .Select(tensor => tensor.Name),
                output.File.Header.Tensors.Select(tensor => tensor.Name)
            );
            Assert.Equal(0, (output.File.Length - output.File.Header.Tensors[^1].End) % 8);
        }
    }

    [Theory]
    [InlineData("spn_lora,thr=-0.5")]
    [InlineData("spn_lora,thr=-0.5,rescale=2")]
    [InlineData("spn_ckpt,size=0.006")]
    public void What_a_plan_says_is_lost_is_what_the_file_lacks(string recipe)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new ResizeScene();
        using Adapter input = scene.OpenInput();
        (ResizePlan plan, Adapter output) = scene.Resize(recipe, TensorType.Float32);
        using (output)
        {
            double lost = 0,
                total = 0,
                baseNorm = 0;
            foreach (LayerPlan planned in plan.Layers)
            {
                Tensor delta = WrittenLayer.Delta(input.File, input.Layers.Single(layer => layer.Name == planned.Result.Layer));
                AdapterLayer? written = output.Layers.SingleOrDefault(layer => layer.Name == planned.Result.Layer);
                Tensor rest = written is null ? delta : delta - WrittenLayer.Delta(output.File, written).div(plan.Recipe.Rescale);
                (double layerLost, double layerNorm) = (WrittenLayer.Norm(rest), WrittenLayer.Norm(delta));
                Assert.Equal(layerLost / layerNorm, planned.Result.RelativeErrorToLora, 1e-5);
                Assert.Equal(
                    layerLost * plan.Recipe.Rescale / planned.Spectrum.BaseFrobeniusNorm!.Value,
                    planned.Result.RelativeErrorToBase!.Value,
                    1e-5
                );
                lost += layerLost * layerLost;
                total += layerNorm * layerNorm;
                baseNorm += planned.Spectrum.BaseFrobeniusNorm.Value * planned.Spectrum.BaseFrobeniusNorm.Value;
            }

            Assert.Equal(Math.Sqrt(lost / total), plan.Measurement.RelativeErrorToLora, 1e-5);
            Assert.Equal(Math.Sqrt(lost / baseNorm) * plan.Recipe.Rescale, plan.Measurement.RelativeErrorToBase!.Value, 1e-5);
            var result = new ResizeResult(plan.Measurement, output.Path, TimeSpan.FromSeconds(1));
            Assert.Equal((output.File.Length, plan.Measurement.NewRank, 30), (result.NewLength, result.NewRank, result.OldRank));
            Assert.Equal(1 - ((double)output.File.Length / input.File.Length), result.Saved, 1e-12);
        }
    }

    [Fact]
    public void The_same_input_gives_the_same_bytes()
    {
        byte[][] files = Enumerable
            .Range(0, 2)
            .Select(static _ =>
            {
                using var scene = new ResizeScene();
                scene.Resize("spn_ckpt,subspace,size=0.006").Output.Dispose();
                return File.ReadAllBytes(scene.PathOf("output.safetensors"));
            })
            .ToArray();
        Assert.Equal(files[0], files[1]);
    }

    [Fact]
    public void One_decomposition_serves_any_number_of_recipes()
    {
        using var scene = new ResizeScene();
        scene.Resize("spn_lora,thr=-0.3", name: "first.safetensors").Output.Dispose();
        scene.Resize("fro_ckpt,subspace,thr=-1", TensorType.BFloat16, "second.safetensors").Output.Dispose();
        scene.Resize("spn_lora,thr=-0.3", name: "third.safetensors").Output.Dispose();
        Assert.Equal(File.ReadAllBytes(scene.PathOf("first.safetensors")), File.ReadAllBytes(scene.PathOf("third.safetensors")));
    }

    [Fact]
    public void A_value_too_large_for_sixteen_bits_is_an_error_that_names_the_layer()
    {
        using var scene = new ResizeScene(new SampleLora().Layer("small", 4, 4, 2).Layer("huge", 4, 4, 2, deviation: 1e6), withBase: false);
        ResizePlan plan = scene.Plan("spn_lora,thr=-inf");
        AdapterException exception = Assert.Throws<AdapterException>(() =>
            scene.Job.Write(plan, scene.PathOf("output.safetensors"), overwrite: false, null, CancellationToken.None)
        );
        Assert.Equal(("Overflow", "huge", scene.LoraPath), (exception.Defect, exception.Layer, exception.Path));
        Assert.Contains("too large for Float16", exception.Message, StringComparison.Ordinal);
        Assert.Equal([scene.LoraPath], Directory.GetFiles(scene.OutputFolder));
        foreach (TensorType type in new[] { TensorType.BFloat16, TensorType.Float32 })
        {
            (_, Adapter output) = scene.Resize("spn_lora,thr=-inf", type);
            using (output)
            {
                Assert.Equal(2, output.Layers.Count);
            }
        }
    }

    // The sizes of the numbers in up and down of the input.
    [Theory]
    [InlineData(0.1, 0.1, true)]
    [InlineData(1e4, 1e4, true)]
    [InlineData(1e4, 1e-6, true)]
    [InlineData(1e-6, 1e4, true)]
    [InlineData(1e-8, 1, true)]
    [InlineData(1e-10, 1, false)]
    [InlineData(1e-6, 1e-6, false)]
    [InlineData(1e-9, 1e-9, false)]
    public void A_layer_of_any_size_is_within_the_tolerance_of_the_type_or_is_named(double up, double down, bool isExact)
    {
        using DisposeScope scope = NewDisposeScope();
        var gaussian = new Gaussian(11);
        SampleLora lora = new SampleLora(5)
            .Layer("ordinary", 40, 32, 4, alpha: 2)
            .Layer("sized", gaussian.Numbers(48 * 4, up), [48, 4], gaussian.Numbers(4 * 64, down), [4, 64], alpha: 2);
        using var scene = new ResizeScene(lora, withBase: false);
        using Adapter input = scene.OpenInput();
        (TensorType Type, double Tolerance)[] types = [(TensorType.Float16, 1e-3), (TensorType.BFloat16, 8e-3), (TensorType.Float32, 1e-5)];
        foreach ((TensorType type, double tolerance) in types)
        {
            (ResizePlan plan, Adapter output) = scene.Resize("spn_lora,thr=-0.3", type, $"{type}.safetensors");
            using (output)
            {
                AdapterLayer source = input.Layers.Single(static layer => layer.Name == "sized");
                AdapterLayer written = output.Layers.Single(static layer => layer.Name == "sized");
                Tensor delta = WrittenLayer.Delta(input.File, source);
                int[] kept = plan.Layers.Single(static layer => layer.Result.Layer == "sized").Kept;
                Tensor rest = WrittenLayer.Delta(output.File, written) - WrittenLayer.Truncate(delta, kept);
                double error = WrittenLayer.Norm(rest) / WrittenLayer.Norm(delta);
                bool holds = isExact || type != TensorType.Float16;
                Assert.True(error <= tolerance == holds, $"In {type} the layer is off by {error:g3}.");
                Assert.Equal(source.Scale, written.Scale, 4e-3 * source.Scale);
            }
        }

        // The warning is of Float16 alone, and of one layer.
        string[] warnings = scene.Log.Warnings.Where(static warning => warning.Contains("too small", StringComparison.Ordinal)).ToArray();
        Assert.Equal(isExact ? 0 : 1, warnings.Length);
        const string Expected = "numbers too small for F16 were written with an error above 0.1%: 1 layer: sized (";
        Assert.All(warnings, static warning => Assert.Contains(Expected, warning, StringComparison.Ordinal));
    }

    [Fact]
    public void A_warning_of_small_layers_counts_them_and_names_three()
    {
        var lora = new SampleLora();
        for (int index = 0; index < 5; index++)
        {
            lora.Layer($"small{index}", 8, 6, 2, deviation: 1e-9);
        }

        using var scene = new ResizeScene(lora, withBase: false);
        scene.Resize("spn_lora,thr=-inf").Output.Dispose();
        const string Start = "numbers too small for F16 were written with an error above 0.1%: 5 layers: ";
        string warning = Assert.Single(scene.Log.Warnings, static text => text.Contains("too small", StringComparison.Ordinal));
        Assert.EndsWith($"{Start}small0 (100.0%), small1 (100.0%), small2 (100.0%) and 2 more", warning, StringComparison.Ordinal);
        Assert.Contains(scene.Log.Verbose, static text => text.EndsWith("small3 (100.0%), small4 (100.0%)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1e300)]
    [InlineData(-1e39)]
    public void An_alpha_too_large_for_single_precision_is_never_written_as_infinity(double alpha)
    {
        using var scene = new ResizeScene(
            new SampleLora().Layer("endless", [1e-18, 2e-18], [2, 1], [1e-18, 1e-18], [1, 2], alpha, TensorType.Float64),
            withBase: false
        );
        ResizePlan plan = scene.Plan("spn_lora,thr=-inf", TensorType.Float32);
        Exception? exception = Record.Exception(() =>
            scene.Job.Write(plan, scene.PathOf("output.safetensors"), overwrite: false, null, CancellationToken.None)
        );
        if (exception is null)
        {
            using var output = Adapter.Open(scene.PathOf("output.safetensors"));
            Assert.Equal(1, WrittenLayer.Norm(WrittenLayer.Delta(output.File, output.Layers[0])) / scene.Job.Layers[0].FrobeniusNorm, 1e-4);
        }
        else
        {
            Assert.Equal("endless", Assert.IsType<AdapterException>(exception).Layer);
        }
    }

    private static void AssertTruncated(ResizeScene scene, string recipe, TensorType type, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        using Adapter input = scene.OpenInput();
        (ResizePlan plan, Adapter output) = scene.Resize(recipe, type);
        using (output)
        {
            Assert.Equal(
                plan.Layers.Where(layer => layer.Result.NewRank > 0).Select(layer => layer.Result.Layer).Order(),
                output.Layers.Select(layer => layer.Name).Order()
            );
            foreach (AdapterLayer written in output.Layers)
            {
                AdapterLayer source = input.Layers.Single(layer => layer.Name == written.Name);
                LayerPlan planned = plan.Layers.Single(layer => layer.Result.Layer == written.Name);
                Assert.Equal(
                    (planned.Result.NewRank, source.OutFeatures, source.InFeatures, source.Kind),
                    (written.Rank, written.OutFeatures, written.InFeatures, written.Kind)
                );
                Assert.Equal((type, type), (written.Down.Type, written.Up.Type));
                Assert.Equal(source.Scale, written.Scale, 4e-3 * Math.Abs(source.Scale));

                Tensor delta = WrittenLayer.Delta(input.File, source);
                Tensor expected = WrittenLayer.Truncate(delta, planned.Kept).mul(plan.Recipe.Rescale);
                double error = WrittenLayer.Norm(WrittenLayer.Delta(output.File, written) - expected);
                Assert.True(
                    error <= tolerance * plan.Recipe.Rescale * WrittenLayer.Norm(delta),
                    $"{written.Name} is off by {error / WrittenLayer.Norm(delta):g3}."
                );
            }
        }
    }
}
