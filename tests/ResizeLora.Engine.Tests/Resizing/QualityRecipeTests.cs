using System.Globalization;
using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Resizing;
using ResizeLora.Tests.Kinds;

namespace ResizeLora.Tests.Resizing;

/// <summary>Cuts by quality in plans and files: the numbers that a measurement reports meet what was asked.</summary>
public sealed class QualityRecipeTests
{
    private static readonly double[] Shares = [0.05, 0.3, 0.6, 0.9, 0.98, 0.999, 1];

    [Theory]
    [InlineData("")]
    [InlineData("spn_lora=1,")]
    [InlineData("spn_ckpt=0.5,params=0.5,")]
    [InlineData("subspace=1,rescale=0.5,")]
    public void What_is_retained_is_what_was_asked_and_one_dimension_less_would_not_do(string scores)
    {
        using var scene = new ResizeScene();
        foreach (double share in Shares)
        {
            ResizePlan plan = scene.Plan(FormattableString.Invariant($"{scores}retain={share:R}"));
            ResizeMeasurement measurement = plan.Measurement;
            Assert.InRange(measurement.Retained, share - 1e-11, 1);
            Assert.Equal(measurement.Retained, 1 - Math.Pow(measurement.RelativeErrorToLora, 2), 1e-12);

            // The last one of the ranking is among them; which one it is depends on the scores.
            Assert.Contains(SquaresKept(plan), square => measurement.Retained - (square / SquareOf(plan)) < share);
        }

        Assert.Equal(30, scene.Plan($"{scores}retain=1").Measurement.NewRank);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("spn_lora=1,", 1)]
    [InlineData("", 3)]
    public void The_change_of_the_base_that_is_lost_stays_below_what_was_allowed(string scores, double rescale)
    {
        using var scene = new ResizeScene();
        int previous = int.MaxValue;
        foreach (double loss in (double[])[0.001, 0.01, 0.03, 0.1, 0.3])
        {
            ResizePlan plan = scene.Plan(FormattableString.Invariant($"{scores}loss={loss:R},rescale={rescale:R}"));
            Assert.InRange(plan.Measurement.RelativeErrorToBase!.Value, 0, loss * (1 + 1e-11));
            Assert.InRange(plan.Measurement.NewRank, 0, previous);
            previous = plan.Measurement.NewRank;
        }

        Assert.True(previous < 30);
    }

    [Fact]
    public void A_loss_needs_a_base_model()
    {
        using var scene = new ResizeScene(withBase: false);
        ResizeLoraException exception = Assert.ThrowsAny<ResizeLoraException>(() => scene.Plan("loss=0.1"));
        Assert.Equal("CheckpointNotGiven", exception.ErrorId);
    }

    [Fact]
    public void A_share_of_the_input_is_never_exceeded()
    {
        using var scene = new ResizeScene();
        int previous = 0;
        for (double share = 0.35; share < 1; share += 0.01)
        {
            ResizePlan plan = scene.Plan(FormattableString.Invariant($"keep={share:R}"));
            Assert.InRange(plan.Length, 0, (long)(share * scene.Job.SourceLength));
            Assert.True(plan.Measurement.NewRank >= previous);
            previous = plan.Measurement.NewRank;
        }

        Assert.True(previous > 10);
    }

    [Fact]
    public void A_share_that_holds_no_header_is_an_error_that_gives_both_numbers()
    {
        using var scene = new ResizeScene();
        OutputException exception = Assert.Throws<OutputException>(() => scene.Plan("keep=0.01"));
        Assert.Equal("OutputSizeTooSmall", exception.ErrorId);
        string limit = ((long)(0.01 * scene.Job.SourceLength)).ToString(CultureInfo.InvariantCulture);
        Assert.Contains($"at most {limit} bytes", exception.Message, StringComparison.Ordinal);
        Assert.Throws<OutputException>(() => scene.Plan("retain=0.5,keep=0.01"));
    }

    [Theory]
    [InlineData("retain=0.95", "size=0.006")]
    [InlineData("retain=0.4", "size=0.008")]
    [InlineData("loss=0.02", "keep=0.5")]
    [InlineData("loss=0.2", "keep=0.9")]
    [InlineData("spn_lora=1,retain=0.9", "spn_lora=1,keep=0.6")]
    [InlineData("size=0.006", "keep=0.7")]
    [InlineData("size=0.008", "keep=0.5")]
    public void Of_two_cuts_the_stricter_decides(string one, string other)
    {
        using var scene = new ResizeScene();
        ResizePlan[] apart = [scene.Plan(one), scene.Plan(other)];
        string added = other[(other.LastIndexOf(',') + 1)..];
        ResizePlan both = scene.Plan($"{one},{added}");
        Assert.NotEqual(apart[0].Measurement.NewRank, apart[1].Measurement.NewRank);
        ResizePlan stricter = apart.MinBy(static plan => plan.Measurement.NewRank)!;
        Assert.Equal(stricter.Layers.Select(static layer => layer.Kept), both.Layers.Select(static layer => layer.Kept));
        Assert.Equal(stricter.Threshold, both.Threshold);
    }

    [Theory]
    [InlineData("rank=2,conv_rank=1")]
    [InlineData("sv_fro=0.8")]
    [InlineData("sv_knee")]
    public void Limits_of_the_ranks_stand_beside_a_quality(string limits)
    {
        using var scene = new ResizeScene();
        int[] most = [.. scene.Plan(limits).Layers.Select(static layer => layer.Result.NewRank)];
        Assert.Equal(most, scene.Plan($"retain=1,{limits}").Layers.Select(static layer => layer.Result.NewRank));
        ResizePlan some = scene.Plan($"retain=0.5,{limits}");
        Assert.InRange(some.Measurement.Retained, 0.5, 1);
        Assert.All(some.Layers.Zip(most), static pair => Assert.InRange(pair.First.Result.NewRank, 0, pair.Second));
        Assert.True(some.Measurement.NewRank < most.Sum());
    }

    [Fact]
    public void Without_scores_the_largest_singular_values_of_the_file_stay()
    {
        using var scene = new ResizeScene(withBase: false);
        ResizePlan plan = scene.Plan("size=0.006");
        double smallest = plan.Layers.SelectMany(static layer => layer.Kept.Select(i => layer.Spectrum.SingularValues[i])).Min();
        double largest = plan.Layers.SelectMany(static layer => layer.Dropped.Select(i => layer.Spectrum.SingularValues[i])).Max();
        Assert.InRange(smallest, largest, double.MaxValue);
        Assert.Equal(Math.Log10(largest), plan.Threshold!.Value, 1e-12);
    }

    [Fact]
    public void The_dimensions_that_stay_are_those_of_the_threshold_that_was_found()
    {
        using var scene = new ResizeScene();
        ResizePlan byQuality = scene.Plan("spn_ckpt,fro_lora,retain=0.9");
        ResizePlan byThreshold = scene.Plan(FormattableString.Invariant($"spn_ckpt,fro_lora,thr={byQuality.Threshold:R}"));
        Assert.Equal(byQuality.Layers.Select(layer => layer.Kept), byThreshold.Layers.Select(layer => layer.Kept));
    }

    [Fact]
    public void The_file_says_what_was_asked_and_which_threshold_it_led_to()
    {
        using var scene = new ResizeScene();
        (ResizePlan plan, Adapter output) = scene.Resize("retain=0.9,keep=0.9,sv_knee");
        using (output)
        {
            using var parameters = JsonDocument.Parse(output.Metadata["resize_params"]);
            Assert.Equal("retain=0.9,keep=0.9,sv_knee", parameters.RootElement.GetProperty("recipe_str").GetString());
            Assert.Equal(plan.Threshold, parameters.RootElement.GetProperty("threshold").GetDouble());
            Assert.All(
                parameters.RootElement.GetProperty("weights").EnumerateObject(),
                static weight => Assert.Equal(0, weight.Value.GetDouble())
            );
            Assert.False(parameters.RootElement.TryGetProperty("sv_count", out _));
        }
    }

    [Fact]
    public void Zeros_and_extremes_are_ordinary()
    {
        SampleLora lora = new SampleLora(5)
            .Layer("tiny", 8, 6, 4, type: TensorType.Float64, deviation: 1e-100)
            .Layer("zero", new double[24], [8, 3], new double[18], [3, 6])
            .Layer("off", 8, 6, 3, alpha: 0);
        using var scene = new ResizeScene(lora, withBase: false);
        ResizePlan plan = scene.Plan("retain=0.9", TensorType.Float32);
        Assert.Equal([true, false, false], plan.Layers.Select(static layer => layer.Result.NewRank > 0));
        Assert.InRange(plan.Measurement.Retained, 0.9, 1);
        using var empty = new ResizeScene(new SampleLora(5).Layer("off", 8, 6, 3, alpha: 0), withBase: false);
        Assert.Equal((0, 1.0), (empty.Plan("retain=0.9").Measurement.NewRank, empty.Plan("retain=0.9").Measurement.Retained));
    }

    [Fact]
    public void Of_DoRA_over_its_base_model_the_weighted_singular_values_count()
    {
        (string Name, long[] Weight, SampleTensor[] Tensors)[] layers = KindFile.OverBase(KindTensors.DoRAOutput, seed: 71);
        using var scene = new KindScene(layers.SelectMany(static layer => layer.Tensors), KindFile.BaseOf(layers));
        foreach (double share in (double[])[0.5, 0.9, 0.99])
        {
            ResizePlan plan = scene.Plan(FormattableString.Invariant($"retain={share:R}"), OutputKind.Smallest);
            Assert.InRange(plan.Measurement.Retained, share - 1e-11, 1);
            Assert.Equal(SquaresKept(plan).Sum() / SquareOf(plan), plan.Measurement.Retained, 1e-9);
        }
    }

    private static IEnumerable<double> SquaresKept(ResizePlan plan) =>
        plan.Layers.SelectMany(static layer => layer.Kept.Select(i => Math.Pow(layer.Spectrum.SingularValues[i], 2)));

    private static double SquareOf(ResizePlan plan) =>
        plan.Layers.Sum(static layer => layer.Spectrum.SingularValues.Sum(static value => value * value));
}
