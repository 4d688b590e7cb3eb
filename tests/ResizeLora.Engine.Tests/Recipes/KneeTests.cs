using CsCheck;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Recipes;

/// <summary><c>sv_knee</c>: the dimension farthest from the chord between the first σ and the last, on either side.</summary>
public sealed class KneeTests
{
    [Theory]
    [InlineData("16 8 4 2 1", 3)]
    [InlineData("10 9 8 1 0", 3)]
    [InlineData("10 1 1 1 1", 2)]
    [InlineData("10 10 10 10 1", 4)]
    [InlineData("10 5 1", 2)]
    [InlineData("5 4 3 2 1", 1)]
    [InlineData("2 2 2 2", 4)]
    [InlineData("2 1", 2)]
    [InlineData("2", 1)]
    [InlineData("0 0 0", 1)]
    [InlineData("1e-6 1e-7 1e-8 1e-9", 1)]
    public void A_spectrum_is_cut_at_its_knee(string spectrum, int expected)
    {
        double[] values =
        [
            .. spectrum.Split(' ').Select(static value => double.Parse(value, System.Globalization.CultureInfo.InvariantCulture)),
        ];
        foreach (SvCount count in Enum.GetValues<SvCount>())
        {
            Assert.Equal(expected, DynamicRank.Of(DynamicMethod.Knee, 0, values, count));
        }

        Assert.Equal(Enumerable.Range(0, expected), new RankLimits { SvKnee = true }.Select(values, isConvolution: false));
    }

    // The table of docs/evaluation.md.
    [Fact]
    public void Known_curves_are_cut_where_the_evaluation_says()
    {
        (int Expected, Func<double, double> Curve)[] curves =
        [
            (11, static i => 1 / (i + 1)),
            (17, static i => 1 / Math.Sqrt(i + 1)),
            (34, static i => Math.Exp(-i / 16)),
            (46, static i => Math.Exp(-i / 32)),
            (17, static i => i < 16 ? 1 - (0.02 * i) : 0.05 * Math.Exp(-(i - 16) / 40)),
            (81, static i => 1.1 - Math.Pow(i / 127, 4)),
            (51, static i => 1 / (1 + Math.Exp((i - 32) / 6))),
        ];
        Assert.All(
            curves,
            static curve =>
                Assert.Equal(
                    curve.Expected,
                    DynamicRank.Of(DynamicMethod.Knee, 0, [.. Enumerable.Range(0, 128).Select(static i => (double)i).Select(curve.Curve)])
                )
        );
    }

    [Fact]
    public void Beside_scores_the_knee_leaves_the_first_dimensions()
    {
        double none = double.NegativeInfinity;
        Assert.Equal(
            [1, 3, 2, none, none],
            new RankLimits { SvKnee = true }.LimitRank([1, 3, 2, 5, 4], [16, 8, 4, 2, 1], isConvolution: false)
        );
    }

    [Fact]
    public void No_other_dimension_is_farther_from_the_chord() =>
        Property.Holds(
            Gen.Double[0.01, 10].Array[3, 40],
            3000,
            static sample =>
            {
                double[] values = [.. sample.OrderDescending()];
                double[] distances =
                [
                    .. values.Select(
                        (value, index) => Math.Abs(((value - values[^1]) / (values[0] - values[^1])) - 1 + (index / (values.Length - 1.0)))
                    ),
                ];
                int count = DynamicRank.Of(DynamicMethod.Knee, 0, values);
                Assert.Equal(distances.Max(), distances[count - 1], 1e-12);
            }
        );

    // What ComfyUI-KJNodes' index_sv_knee finds at the sensitivity 1 of a curve that lies above its chord.
    [Fact]
    public void A_spectrum_above_its_chord_is_cut_where_KJNodes_cuts_it() =>
        Property.Holds(
            Gen.Select(Gen.Int[4, 60], Gen.Double[1.5, 6]),
            500,
            static sample =>
            {
                (int length, double power) = sample;
                double[] values = [.. Enumerable.Range(0, length).Select(index => 1.1 - Math.Pow(index / (double)length, power))];
                double[] above =
                [
                    .. values.Select((value, index) => ((value - values[^1]) / (values[0] - values[^1])) - 1 + (index / (length - 1.0))),
                ];
                int index = Math.Clamp(Array.IndexOf(above, above.Max()), 1, length - 1);
                Assert.Equal(index + 1, DynamicRank.Of(DynamicMethod.Knee, 0, values));
            }
        );
}
