using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.Tests;

public sealed class GoldenTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ResizeSession session;
    private readonly ResizeJob job;

    public GoldenTests()
    {
        session = new ResizeSession("cpu", GoldenCase.BasePath, new NormCache(folder.PathOf("cache")));
        job = ResizeJob.Decompose(session, Adapter.Open(GoldenCase.LoraPath), progress: null, CancellationToken.None);
    }

    public static TheoryData<string> Recipes => [.. GoldenCase.Recipes];

    public static TheoryData<string> KohyaRecipes => [.. GoldenCase.Kohya.EnumerateObject().Select(recipe => recipe.Name)];

    public static TheoryData<string> OldKohyaRecipes => [.. GoldenCase.KohyaBefore.EnumerateObject().Select(recipe => recipe.Name)];

    public void Dispose()
    {
        job.Dispose();
        session.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Every_layer_is_found_with_its_shape_rank_and_alpha()
    {
        JsonElement layers = GoldenCase.Expected.GetProperty("layers");
        Assert.Equal(layers.EnumerateObject().Select(layer => layer.Name).Order(), job.Layers.Select(layer => layer.Layer).Order());
        foreach (LayerSpectrum layer in job.Layers)
        {
            JsonElement expected = layers.GetProperty(layer.Layer);
            Assert.Equal(expected.GetProperty("rank").GetInt32(), layer.Rank);
            Assert.Equal(expected.GetProperty("alpha").GetDouble(), layer.Alpha);
            Assert.Equal(expected.GetProperty("out").GetInt32(), layer.OutFeatures);
            Assert.Equal(expected.GetProperty("in").GetInt32(), layer.InFeatures);
        }
    }

    [Fact]
    public void Singular_values_are_those_of_the_reference_in_float64()
    {
        foreach (LayerSpectrum layer in job.Layers)
        {
            double[] expected = GoldenCase.Numbers(
                GoldenCase.Expected.GetProperty("layers").GetProperty(layer.Layer).GetProperty("singular_values")
            );
            Assert.Equal(expected.Length, layer.SingularValues.Length);
            for (int index = 0; index < expected.Length; index++)
            {
                double tolerance = expected[index] >= 1e-4 * expected[0] ? 1e-6 * expected[index] : 1e-10 * expected[0];
                Assert.Equal(expected[index], layer.SingularValues[index], tolerance + double.Epsilon);
            }
        }
    }

    [Fact]
    public void Base_norms_are_those_of_the_reference_in_float64()
    {
        foreach (LayerSpectrum layer in job.Layers)
        {
            JsonElement expected = GoldenCase.Expected.GetProperty("layers").GetProperty(layer.Layer);
            double spectral = expected.GetProperty("base_spectral_norm").GetDouble();
            double frobenius = expected.GetProperty("base_frobenius_norm").GetDouble();
            Assert.Equal(spectral, layer.BaseSpectralNorm!.Value, 2e-6 * spectral);
            Assert.Equal(frobenius, layer.BaseFrobeniusNorm!.Value, 1e-6 * frobenius);
        }
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Kept_ranks_are_those_of_the_reference(string text)
    {
        JsonElement expected = GoldenCase.Expected.GetProperty("recipes").GetProperty(text);
        var recipe = ResizeRecipe.Parse(text);
        ResizePlan plan = job.Plan(recipe, TensorType.Float16, OutputKind.Smallest, progress: null, CancellationToken.None);
        double threshold = expected.GetProperty("threshold").GetDouble();
        foreach (LayerPlan layer in plan.Layers.Where(layer => layer.Spectrum.SpectralNorm > 0))
        {
            int kept = expected.GetProperty("kept_rank").GetProperty(layer.Result.Layer).GetInt32();
            double[] scores = GoldenCase.Numbers(expected.GetProperty("scores").GetProperty(layer.Result.Layer));
            int undecided = scores.Count(score => Math.Abs(score - threshold) < 1e-3);
            int lowest = recipe.SizeMiB is null ? kept - undecided : 0;
            Assert.InRange(layer.Result.NewRank, lowest, kept + undecided);
        }

        if (recipe.SizeInBytes is { } limit)
        {
            Assert.InRange(plan.Length, limit - 2000, limit);
        }
    }

    [Theory]
    [MemberData(nameof(KohyaRecipes))]
    public void Ranks_by_kohyas_methods_are_those_that_his_tool_gives(string text) => CheckRanks(text, GoldenCase.Kohya.GetProperty(text));

    [Theory]
    [MemberData(nameof(OldKohyaRecipes))]
    public void Ranks_of_the_old_count_are_those_that_his_tool_gave_before(string text) =>
        CheckRanks(
            text.StartsWith("sv_", StringComparison.Ordinal) ? $"{text},sv_count=old" : text,
            GoldenCase.KohyaBefore.GetProperty(text)
        );

    [Theory]
    [InlineData(5)]
    [InlineData(2.5)]
    [InlineData(31.622776601683793)]
    public void A_ratio_and_its_threshold_against_the_layers_own_norm_keep_the_same_ranks(double ratio)
    {
        ResizePlan PlanOf(string text) =>
            job.Plan(ResizeRecipe.Parse(text), TensorType.Float16, OutputKind.Smallest, progress: null, CancellationToken.None);
        ResizePlan byRatio = PlanOf(FormattableString.Invariant($"sv_ratio={ratio:R}"));
        ResizePlan byScore = PlanOf(FormattableString.Invariant($"spn_lora=1,thr={-Math.Log10(ratio):R}"));

        // A layer that is all zero has no score; kohya's tool leaves it one dimension.
        IEnumerable<(string, int)> Ranks(ResizePlan plan) =>
            plan
                .Layers.Where(static layer => layer.Spectrum.SpectralNorm > 0)
                .Select(static layer => (layer.Result.Layer, layer.Result.NewRank));
        Assert.Equal(Ranks(byScore), Ranks(byRatio));
    }

    private void CheckRanks(string text, JsonElement expected)
    {
        ResizePlan plan = job.Plan(
            ResizeRecipe.Parse(text),
            TensorType.Float16,
            OutputKind.Smallest,
            progress: null,
            CancellationToken.None
        );
        Assert.Equal(
            expected.GetProperty("kept_rank").EnumerateObject().Select(layer => (layer.Name, layer.Value.GetInt32())).Order(),
            plan.Layers.Select(layer => (layer.Result.Layer, layer.Result.NewRank)).Order()
        );
        Assert.All(plan.Layers, layer => Assert.Equal(Enumerable.Range(0, layer.Result.NewRank), layer.Kept));
        Assert.Null(plan.Threshold);
    }
}
