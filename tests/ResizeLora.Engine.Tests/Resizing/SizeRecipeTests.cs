using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>A size is never exceeded, header included, and never missed by more than one more dimension would add.</summary>
public sealed class SizeRecipeTests
{
    [Theory]
    [InlineData(TensorType.Float16, "spn_ckpt")]
    [InlineData(TensorType.BFloat16, "fro_lora,params")]
    [InlineData(TensorType.Float32, "spn_lora,subspace")]
    public void Over_a_sweep_of_sizes_no_file_is_larger_and_one_more_dimension_would_not_fit(TensorType type, string scores)
    {
        using var scene = new ResizeScene();
        long whole = scene.Plan($"{scores},thr=-inf", type).Length;
        int previousRank = 0;
        int written = 0;
        for (long limit = 2_000; limit <= whole + 500; limit += 331)
        {
            ResizePlan plan = scene.Plan(Recipe(scores, limit), type);
            Assert.Equal(limit, plan.Recipe.SizeInBytes);
            Assert.InRange(plan.Length, 0, limit);
            Assert.True(plan.Measurement.NewRank >= previousRank, $"{limit} bytes keep fewer dimensions than less did.");
            AssertOneMoreWouldNotFit(scene, plan, scores, limit, type);
            previousRank = plan.Measurement.NewRank;
            if (limit % 5 == 0)
            {
                string path = scene.PathOf("sized.safetensors");
                scene.Job.Write(plan, path, overwrite: true, null, CancellationToken.None);
                Assert.InRange(new FileInfo(path).Length, 0, limit);
                written++;
            }
        }

        Assert.Equal(30, previousRank);
        Assert.NotEqual(0, written);
    }

    [Fact]
    public void The_dimensions_that_stay_are_those_of_the_threshold_that_was_found()
    {
        using var scene = new ResizeScene();
        ResizePlan bySize = scene.Plan("spn_ckpt,fro_lora,size=0.006");
        ResizePlan byThreshold = scene.Plan(FormattableString.Invariant($"spn_ckpt,fro_lora,thr={bySize.Threshold:R}"));
        Assert.Equal(bySize.Layers.Select(layer => layer.Kept), byThreshold.Layers.Select(layer => layer.Kept));
    }

    [Fact]
    public void A_size_that_holds_everything_keeps_everything()
    {
        using var scene = new ResizeScene();
        ResizePlan plan = scene.Plan("spn_ckpt,size=1");
        Assert.Equal(
            (30, 30, double.NegativeInfinity, 0.0),
            (plan.Measurement.OldRank, plan.Measurement.NewRank, plan.Threshold, plan.Measurement.RelativeErrorToLora)
        );
    }

    [Fact]
    public void A_size_below_header_and_copied_tensors_is_an_error_that_gives_both_numbers()
    {
        using var scene = new ResizeScene(
            ResizeScene.UsualLora().Tensor(SampleTensor.Of("emb", TensorType.Float32, [5000], new double[5000]))
        );
        OutputException exception = Assert.Throws<OutputException>(() => scene.Plan(Recipe("spn_ckpt", 20_000)));
        Assert.Equal("OutputSizeTooSmall", exception.ErrorId);
        Assert.Contains("20000", exception.Message, StringComparison.Ordinal);
        Assert.Contains(scene.LoraPath, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Copied_tensors_count_towards_the_size()
    {
        using var scene = new ResizeScene(
            ResizeScene.UsualLora().Tensor(SampleTensor.Of("emb", TensorType.Float32, [1000], new double[1000]))
        );
        (ResizePlan plan, Adapter output) = scene.Resize(Recipe("spn_ckpt", 10_000));
        output.Dispose();
        Assert.InRange(new FileInfo(output.Path).Length, 4_000, 10_000);
        Assert.InRange(plan.Measurement.NewRank, 1, 29);
    }

    private static string Recipe(string scores, long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{scores},size={bytes / 1048576.0:R}");

    private static void AssertOneMoreWouldNotFit(ResizeScene scene, ResizePlan plan, string scores, long limit, TensorType type)
    {
        if (plan.Measurement.NewRank == plan.Measurement.OldRank)
        {
            return;
        }

        // The score of the best dimension that went lies at the threshold; just below it, exactly that one stays as well.
        ResizePlan next = scene.Plan(FormattableString.Invariant($"{scores},thr={plan.Threshold - 1e-12:R}"), type);
        Assert.Equal(plan.Measurement.NewRank + 1, next.Measurement.NewRank);
        long extraText = next.Layout.Prefix.Length - plan.Layout.Prefix.Length;
        Assert.True(
            next.Layout.DataLength + plan.Layout.Prefix.Length + Math.Max(extraText, 0) + 128 > limit,
            $"{limit} bytes hold one dimension more than {plan.Measurement.NewRank}."
        );
        Assert.Equal(ResizeRecipe.Parse(scores + ",thr=0").Weights, plan.Recipe.Weights);
    }
}
