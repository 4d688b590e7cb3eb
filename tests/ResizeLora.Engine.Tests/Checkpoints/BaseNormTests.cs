using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>σ_max within 1e-5 and ‖W‖F within 1e-6 of double precision, whatever the weight is like.</summary>
public sealed class BaseNormTests
{
    private static readonly Dictionary<string, Func<Gaussian, int, int, double[]>> Families = new()
    {
        ["Gaussian, no gap"] = static (gaussian, rows, columns) => gaussian.Numbers(rows * columns),
        ["Gaussian with an outlier"] = static (gaussian, rows, columns) => WithOutlier(gaussian.Numbers(rows * columns, 0.02), 5),
        ["all of one sign"] = static (gaussian, rows, columns) => gaussian.Numbers(rows * columns).Select(Math.Abs).ToArray(),
        ["tiny numbers"] = static (gaussian, rows, columns) => gaussian.Numbers(rows * columns, 1e-3),
        ["rank one"] = static (gaussian, rows, columns) => Dense.WithSpectrum(gaussian, rows, columns, [3]),
        ["slow decay"] = static (gaussian, rows, columns) =>
            Dense.WithSpectrum(gaussian, rows, columns, Spectrum(rows, columns, static index => 1 / Math.Sqrt(1 + index))),
        ["five decades"] = static (gaussian, rows, columns) =>
            Dense.WithSpectrum(gaussian, rows, columns, Spectrum(rows, columns, static index => Math.Pow(10, -index / 4.0))),
        ["all singular values alike"] = static (gaussian, rows, columns) =>
            Dense.WithSpectrum(gaussian, rows, columns, Spectrum(rows, columns, static _ => 1)),
        ["two largest close together"] = static (gaussian, rows, columns) =>
            Dense.WithSpectrum(
                gaussian,
                rows,
                columns,
                Spectrum(rows, columns, static index => index == 0 ? 1 : 0.9995 / Math.Sqrt(index))
            ),
        ["a step above a flat rest"] = static (gaussian, rows, columns) =>
            Dense.WithSpectrum(gaussian, rows, columns, Spectrum(rows, columns, static index => index == 0 ? 1.001 : 1 - (index * 1e-3))),
        ["diagonal"] = static (_, rows, columns) =>
            Enumerable
                .Range(0, rows * columns)
                .Select(index => index / columns == index % columns ? 1.0 + (index % columns % 7) : 0)
                .ToArray(),
    };

    private static readonly (int Rows, int Columns)[] Shapes = [(40, 40), (200, 60), (60, 200), (7, 5), (3, 500), (500, 3), (161, 163)];

    public static TheoryData<string> FamilyNames => [.. Families.Keys];

    public static TheoryData<TensorType> Weights => [.. Enum.GetValues<TensorType>().Where(TensorTypes.IsWeight)];

    [Theory]
    [MemberData(nameof(FamilyNames))]
    public void Norms_are_those_of_double_precision(string family)
    {
        for (int index = 0; index < Shapes.Length; index++)
        {
            (int rows, int columns) = Shapes[index];
            AssertNorms(TensorType.Float32, Families[family](new Gaussian(index), rows, columns), rows, columns);
        }
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void Norms_are_those_of_the_numbers_that_are_stored_in_any_type(TensorType type)
    {
        AssertNorms(type, new Gaussian(11).Numbers(70 * 90), 70, 90);
        AssertNorms(
            type,
            Dense.WithSpectrum(new Gaussian(12), 90, 50, Spectrum(90, 50, static index => 20 * Math.Pow(0.9, index))),
            90,
            50
        );
    }

    [Fact]
    public void Norms_of_random_shapes_are_those_of_double_precision()
    {
        var gaussian = new Gaussian(2);
        for (int index = 0; index < 120; index++)
        {
            (int rows, int columns) = (gaussian.Integer(1, 150), gaussian.Integer(1, 150));
            double steepness = Math.Abs(gaussian.Next()) / 5;
            double[] weight = Dense.WithSpectrum(
                gaussian,
                rows,
                columns,
                Spectrum(rows, columns, dimension => Math.Exp(-steepness * dimension))
            );
            AssertNorms(index % 2 == 0 ? TensorType.Float16 : TensorType.Float32, weight, rows, columns);
        }
    }

    [Theory]
    [InlineData(640, 640)]
    [InlineData(1280, 320)]
    [InlineData(320, 2880)]
    public void Norms_of_the_sizes_of_real_layers_are_those_of_double_precision(int rows, int columns) =>
        AssertNorms(TensorType.Float16, new Gaussian(rows).Numbers(rows * columns, 0.03), rows, columns);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 1000)]
    [InlineData(1000, 1)]
    [InlineData(2, 2)]
    public void A_weight_of_one_row_or_column_has_one_norm(int rows, int columns)
    {
        BaseNorms norms = AssertNorms(TensorType.Float32, new Gaussian(4).Numbers(rows * columns), rows, columns);
        Assert.True(rows + columns == 4 || Math.Abs(norms.Spectral - norms.Frobenius) <= 1e-6 * norms.Frobenius);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(30, 50)]
    public void The_norms_of_nothing_are_zero(int rows, int columns) =>
        Assert.Equal(new BaseNorms(0, 0), Measure(TensorType.Float16, new byte[rows * columns * 2], rows, columns));

    /// <summary>Powers of ten at which a weight of each type holds numbers, from all but its smallest to all but its largest.</summary>
    public static TheoryData<TensorType, int> Magnitudes
    {
        get
        {
            var data = new TheoryData<TensorType, int>();
            foreach (
                (TensorType type, int[] exponents) in ((TensorType, int[])[])
                    [
                        (TensorType.Float64, [-300, -150, -40, -13, 13, 40, 150, 300]),
                        (TensorType.Float32, [-42, -40, -37, -30, -20, -13, -8, 8, 13, 20, 30, 37]),
                        (TensorType.BFloat16, [-39, -37, -30, -20, -13, -8, 8, 13, 20, 30, 37]),
                        (TensorType.Float16, [-7, -6, -5, -3, 3, 4]),
                        (TensorType.Float8E4M3, [-3, -2, 1, 2]),
                        (TensorType.Float8E5M2, [-5, -4, -2, 2, 4]),
                    ]
            )
            {
                foreach (int exponent in exponents)
                {
                    data.Add(type, exponent);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Magnitudes))]
    public void Norms_are_those_of_double_precision_at_every_magnitude(TensorType type, int exponent)
    {
        // No number is as large as 4.4 times the magnitude, and 4.4e37 and 4.4e4 are numbers of every type that is asked for them.
        double size = Math.Pow(10, exponent);
        var gaussian = new Gaussian(exponent);
        AssertNorms(type, gaussian.Numbers(70 * 90, size).Select(value => Math.Clamp(value, -4.4 * size, 4.4 * size)).ToArray(), 70, 90);
        AssertNorms(type, Dense.WithSpectrum(gaussian, 33, 50, Spectrum(33, 50, index => size * Math.Pow(0.9, index))), 33, 50);
    }

    [Theory]
    [InlineData(TensorType.Float32)]
    [InlineData(TensorType.BFloat16)]
    public void Long_rows_of_the_largest_numbers_have_the_norms_of_double_precision(TensorType type)
    {
        AssertNorms(type, [.. Enumerable.Repeat(1e38, 16)], 1, 16);
        AssertNorms(type, new Gaussian(1).Numbers(3 * 1280, 1e37), 3, 1280);
    }

    [Theory]
    [InlineData(TensorType.Float32)]
    [InlineData(TensorType.BFloat16)]
    public void A_few_large_numbers_among_tiny_ones_have_the_norms_of_double_precision(TensorType type)
    {
        double[] weight = new Gaussian(8).Numbers(60 * 40, 1e-38);
        (weight[17], weight[900]) = (3e38, -1e38);
        AssertNorms(type, weight, 60, 40);
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(63.9f)]
    [InlineData(64f)]
    [InlineData(60000f)]
    public void Halves_below_the_normal_ones_count_beside_others_of_any_size(float largest)
    {
        // Every subnormal half, zeros among them, in rows that vectors of sixteen do not fill.
        const int Rows = 40;
        const int Columns = 53;
        double[] weight = Enumerable.Range(0, Rows * Columns).Select(static index => Math.ScaleB(index % 1024, -24)).ToArray();
        AssertNorms(TensorType.Float16, weight, Rows, Columns);
        weight[^1] = largest;
        AssertNorms(TensorType.Float16, weight, Rows, Columns);
    }

    [Fact]
    public void A_spectrum_as_dense_as_can_be_is_accurate_in_the_end()
    {
        // cos² of equal angles: what an iteration needs the most steps for.
        const int Size = 1500;
        double[] values = Enumerable.Range(0, Size).Select(static index => Math.Cos(index * Math.PI / (2 * Size))).ToArray();
        (BaseNorms norms, bool isAccurate) = LanczosNorm.Compute(new DiagonalOperator(values), CancellationToken.None);
        Assert.True(isAccurate);
        Assert.Equal(1, norms.Spectral, 1e-5);
    }

    [Fact]
    public void An_iteration_that_gives_up_says_so()
    {
        double[] values = Enumerable.Range(0, 400).Select(static index => Math.Cos(index * Math.PI / 800)).ToArray();
        (BaseNorms norms, bool isAccurate) = LanczosNorm.Compute(new DiagonalOperator(values), CancellationToken.None, maximumSteps: 20);
        Assert.False(isAccurate);
        Assert.InRange(norms.Spectral, 0.9, 1);
    }

    [Fact]
    public void A_cancelled_measurement_ends()
    {
        using var gram = new WeightGramOperator(
            TensorType.Float32,
            WeightEncoder.Encode(TensorType.Float32, new Gaussian(1).Numbers(100)),
            10,
            10
        );
        Assert.Throws<OperationCanceledException>(() => LanczosNorm.Compute(gram, new CancellationToken(canceled: true)));
    }

    private static BaseNorms AssertNorms(TensorType type, double[] weight, int rows, int columns)
    {
        byte[] bytes = WeightEncoder.Encode(type, weight);
        (double spectral, double frobenius) = Dense.Norms(ScalarFloat.DecodeAll(type, bytes), rows, columns);
        BaseNorms norms = Measure(type, bytes, rows, columns);
        Assert.Equal(norms, Measure(type, bytes, rows, columns));
        Assert.True(
            Math.Abs(norms.Spectral - spectral) <= 1e-5 * spectral,
            $"σ_max of {rows} × {columns} is off by {(norms.Spectral / spectral) - 1:g3}."
        );
        Assert.True(
            Math.Abs(norms.Frobenius - frobenius) <= 1e-6 * frobenius,
            $"‖W‖F of {rows} × {columns} is off by {(norms.Frobenius / frobenius) - 1:g3}."
        );
        return norms;
    }

    private static BaseNorms Measure(TensorType type, byte[] bytes, int rows, int columns)
    {
        // The operator may write its bytes anew.
        using var gram = new WeightGramOperator(type, (byte[])bytes.Clone(), rows, columns);
        (BaseNorms norms, bool isAccurate) = LanczosNorm.Compute(gram, CancellationToken.None);
        Assert.True(isAccurate);
        return norms;
    }

    private static double[] Spectrum(int rows, int columns, Func<int, double> value) =>
        Enumerable.Range(0, Math.Min(rows, columns)).Select(value).ToArray();

    private static double[] WithOutlier(double[] numbers, double outlier)
    {
        numbers[numbers.Length / 3] = outlier;
        return numbers;
    }

    // A diagonal V.
    private sealed class DiagonalOperator(double[] values) : IGramOperator
    {
        public int Size => values.Length;

        public int Exponent => 0;

        public double SquaredFrobeniusNorm => values.Sum(static value => value * value);

        public void Apply(ReadOnlySpan<float> vector, Span<float> product)
        {
            for (int index = 0; index < values.Length; index++)
            {
                product[index] = (float)(values[index] * values[index] * vector[index]);
            }
        }
    }
}
