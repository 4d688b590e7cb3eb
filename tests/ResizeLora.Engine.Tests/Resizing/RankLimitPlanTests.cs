using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>Limits of the ranks in plans and files: alone, beside a threshold, and beside a size.</summary>
public sealed class RankLimitPlanTests
{
    [Fact]
    public void A_rank_alone_keeps_the_first_dimensions_and_needs_no_base()
    {
        using var scene = new ResizeScene(withBase: false);
        (ResizePlan plan, Adapter output) = scene.Resize("rank=3,conv_rank=2");
        using (output)
        {
            Assert.Equal([3, 2, 3, 3, 3], plan.Layers.Select(static layer => layer.Result.NewRank));
            Assert.Equal(
                plan.Layers.Select(static layer => (layer.Result.Layer, layer.Result.NewRank)).Order(),
                output.Layers.Select(static layer => (layer.Name, layer.Rank)).Order()
            );
            Assert.Equal((null, 0), (plan.Threshold, plan.ScoreQuantiles.Count));
            Assert.Contains("\"recipe_str\":\"rank=3,conv_rank=2\"", output.Metadata["resize_params"], StringComparison.Ordinal);
            Assert.Contains("\"threshold\":null", output.Metadata["resize_params"], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("sv_ratio=2", "new")]
    [InlineData("sv_ratio=2,sv_count=old", "old")]
    [InlineData("rank=2", null)]
    public void The_file_says_how_its_ranks_were_counted(string recipe, string? expected)
    {
        using var scene = new ResizeScene(withBase: false);
        (_, Adapter output) = scene.Resize(recipe);
        using (output)
        {
            using var parameters = JsonDocument.Parse(output.Metadata["resize_params"]);
            bool says = parameters.RootElement.TryGetProperty("sv_count", out JsonElement count);
            Assert.Equal(expected, says ? count.GetString() : null);
        }
    }

    [Fact]
    public void Alpha_over_rank_stays_what_it_was()
    {
        using var scene = new ResizeScene(withBase: false);
        (_, Adapter output) = scene.Resize("sv_ratio=2", TensorType.Float32);
        using (output)
        {
            Assert.All(
                scene.Job.Layers.OrderBy(static layer => layer.Layer).Zip(output.Layers.OrderBy(static layer => layer.Name)),
                static pair => Assert.Equal(pair.First.Alpha / pair.First.Rank, pair.Second.Scale, 1e-6)
            );
        }
    }

    [Theory]
    [InlineData("spn_ckpt,thr=-1.5", "sv_ratio=3")]
    [InlineData("fro_lora,thr=-0.5", "sv_fro=0.8,rank=3")]
    [InlineData("spn_lora,thr=-0.3", "rank=2,conv_rank=1")]
    public void Beside_a_threshold_the_stricter_decides_layer_by_layer(string scored, string limit)
    {
        using var scene = new ResizeScene();
        int[] expected = scene
            .Plan(scored)
            .Layers.Zip(scene.Plan(limit).Layers, static (left, right) => Math.Min(left.Result.NewRank, right.Result.NewRank))
            .ToArray();
        ResizePlan both = scene.Plan($"{scored},{limit}");
        Assert.Equal(expected, both.Layers.Select(static layer => layer.Result.NewRank));
        Assert.Equal(scene.Plan(scored).Threshold, both.Threshold);
    }

    [Theory]
    [InlineData("rank=3,conv_rank=2")]
    [InlineData("sv_fro=0.8")]
    [InlineData("sv_ratio=4,rank=5")]
    public void Beside_a_size_no_file_is_larger_and_one_more_allowed_dimension_would_not_fit(string limits)
    {
        using var scene = new ResizeScene();
        const string Scores = "spn_ckpt,params";
        int most = scene.Plan($"{Scores},thr=-inf,{limits}").Measurement.NewRank;
        long whole = scene.Plan($"{Scores},thr=-inf,{limits}").Length;
        int cut = 0;
        for (long limit = 2_000; limit < whole + 300; limit += 97)
        {
            ResizePlan plan = scene.Plan(FormattableString.Invariant($"{Scores},size={limit / 1048576.0:R},{limits}"));
            Assert.InRange(plan.Length, 0, limit);
            if (plan.Measurement.NewRank == most)
            {
                Assert.Equal(double.NegativeInfinity, plan.Threshold);
                continue;
            }

            cut++;
            ResizePlan next = scene.Plan(FormattableString.Invariant($"{Scores},thr={plan.Threshold!.Value - 1e-12:R},{limits}"));
            Assert.Equal(plan.Measurement.NewRank + 1, next.Measurement.NewRank);
            long extraText = Math.Max(next.Layout.Prefix.Length - plan.Layout.Prefix.Length, 0);
            Assert.True(
                next.Layout.DataLength + plan.Layout.Prefix.Length + extraText + 128 > limit,
                $"{limit} bytes hold one dimension more than {plan.Measurement.NewRank}."
            );
        }

        Assert.InRange(cut, 10, int.MaxValue);
    }

    [Fact]
    public void Layers_that_are_all_zero_keep_one_dimension_unless_a_score_cuts_them()
    {
        SampleLora lora = new SampleLora(3)
            .Layer("plain", 8, 6, 3)
            .Layer("zero", new double[24], [8, 3], new double[18], [3, 6])
            .Layer("off", 8, 6, 3, alpha: 0);
        using var scene = new ResizeScene(lora, withBase: false);
        (ResizePlan plan, Adapter output) = scene.Resize("rank=2");
        using (output)
        {
            // The alpha of 0 hides a product that is not zero; kohya's tool looks at the product.
            Assert.Equal(
                [("plain", 2), ("zero", 1), ("off", 2)],
                plan.Layers.Select(static layer => (layer.Result.Layer, layer.Result.NewRank))
            );
            Assert.Equal(
                (0.0, 0.0),
                (output.Layers.Single(static layer => layer.Name == "off").Alpha, plan.Layers[1].Result.RelativeErrorToLora)
            );
        }

        Assert.Equal([2, 0, 0], scene.Plan("spn_lora,thr=-inf,rank=2").Layers.Select(static layer => layer.Result.NewRank));
    }

    [Fact]
    public void A_layer_with_a_single_singular_value_is_kept()
    {
        using var scene = new ResizeScene(new SampleLora(3).Layer("narrow", 1, 6, 3).Layer("plain", 8, 6, 3), withBase: false);
        Assert.Equal([1, 3], scene.Plan("sv_ratio=1e9").Layers.Select(static layer => layer.Result.NewRank));
        Assert.Equal([1, 3], scene.Plan("rank=64").Layers.Select(static layer => layer.Result.NewRank));
    }
}
