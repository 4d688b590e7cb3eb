using ResizeLora.Files;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Spectra;

/// <summary>Kinds of layers that are hard on a decomposition, each in many random shapes.</summary>
internal static class LayerFamilies
{
    private const int LayersPerFamily = 12;

    private static readonly Dictionary<string, Func<Gaussian, int, int, int, (double[] Up, double[] Down)>> Families = new()
    {
        ["random"] = static (gaussian, rows, columns, rank) => (gaussian.Numbers(rows * rank), gaussian.Numbers(rank * columns)),
        ["graded"] = static (gaussian, rows, columns, rank) => Graded(gaussian, rows, columns, rank, 2.5, 2.5, rotated: false),
        ["graded and mixed"] = static (gaussian, rows, columns, rank) => Graded(gaussian, rows, columns, rank, 2.5, 2.5, rotated: true),
        ["graded in one factor"] = static (gaussian, rows, columns, rank) => Graded(gaussian, rows, columns, rank, 5, 0, rotated: true),
        ["factors that cancel"] = static (gaussian, rows, columns, rank) => Graded(gaussian, rows, columns, rank, 4, -3, rotated: true),
        ["factors that cancel a little"] = static (gaussian, rows, columns, rank) =>
            Graded(gaussian, rows, columns, rank, 1.5, -1, rotated: true),
        ["unbalanced"] = static (gaussian, rows, columns, rank) =>
            (gaussian.Numbers(rows * rank, 1e7), gaussian.Numbers(rank * columns, 1e-9)),
        ["a tiny column"] = static (gaussian, rows, columns, rank) =>
            (ScaleColumn(gaussian.Numbers(rows * rank), rank, 1e-9), gaussian.Numbers(rank * columns)),
        ["a zero column"] = static (gaussian, rows, columns, rank) =>
            (ScaleColumn(gaussian.Numbers(rows * rank), rank, 0), gaussian.Numbers(rank * columns)),
        ["dependent columns"] = static (gaussian, rows, columns, rank) =>
            (Repeat(gaussian.Numbers(rows * rank), rank), gaussian.Numbers(rank * columns)),
        ["all zero"] = static (gaussian, rows, columns, rank) => (new double[rows * rank], gaussian.Numbers(rank * columns)),
        ["all ones"] = static (_, rows, columns, rank) =>
            (Enumerable.Repeat(1.0, rows * rank).ToArray(), Enumerable.Repeat(1.0, rank * columns).ToArray()),
    };

    public static IEnumerable<string> Names => Families.Keys;

    /// <summary>
    /// Writes a file with layers of one family: ranks below and above the sides, alphas of all signs, every type and kernel.
    /// </summary>
    public static string Write(string family, string path)
    {
        var gaussian = new Gaussian(family.Length);
        var lora = new SampleLora();
        double?[] alphas = [null, 1, 16, 0.001, -4, 0];
        int[] kernels = [0, 0, 1, 3];
        for (int index = 0; index < LayersPerFamily; index++)
        {
            int kernel = kernels[index % kernels.Length];
            int rows = gaussian.Integer(2, 90);
            int channels = gaussian.Integer(2, kernel == 3 ? 40 : 90);
            int columns = channels * Math.Max(1, kernel * kernel);
            int rank =
                index % 5 == 4 ? Math.Min(rows, columns) + gaussian.Integer(1, 10) : gaussian.Integer(1, Math.Min(rows, columns) + 1);
            (double[] up, double[] down) = Families[family](gaussian, rows, columns, rank);
            (long[] upShape, long[] downShape) =
                kernel == 0
                    ? (new long[] { rows, rank }, new long[] { rank, columns })
                    : ([rows, rank, 1, 1], [rank, channels, kernel, kernel]);
            TensorType type = (family, index % 4) switch
            {
                ("unbalanced" or "a tiny column", _) => TensorType.Float32,
                (_, 1) => TensorType.Float16,
                (_, 2) => TensorType.BFloat16,
                (_, 3) => TensorType.Float64,
                _ => TensorType.Float32,
            };
            lora.Layer(
                FormattableString.Invariant($"lora_unet_{index}"),
                up,
                upShape,
                down,
                downShape,
                alphas[index % alphas.Length],
                type
            );
        }

        return lora.Write(path);
    }

    // B = U·diag(s_b)·Rᵀ and A = R·diag(s_a)·Vᵀ with s falling over so many decades; rotated, no column shows it.
    private static (double[] Up, double[] Down) Graded(
        Gaussian gaussian,
        int rows,
        int columns,
        int rank,
        double upDecades,
        double downDecades,
        bool rotated
    )
    {
        using DisposeScope scope = NewDisposeScope();
        int count = Math.Min(rank, Math.Min(rows, columns));
        Tensor left = Dense.RandomOrthogonal(gaussian, rows, count).mul(Falling(count, upDecades));
        Tensor right = Dense.RandomOrthogonal(gaussian, columns, count).mul(Falling(count, downDecades));
        Tensor mix = rotated ? Dense.RandomOrthogonal(gaussian, rank, count) : eye(rank, count, ScalarType.Float64);
        return (Dense.ToArray(left.matmul(mix.t())), Dense.ToArray(mix.matmul(right.t())));
    }

    private static Tensor Falling(int count, double decades) =>
        tensor(
            Enumerable.Range(0, count).Select(index => Math.Pow(10, -decades * index / Math.Max(count - 1, 1))).ToArray(),
            ScalarType.Float64
        );

    private static double[] ScaleColumn(double[] matrix, int columns, double factor)
    {
        for (int index = columns / 2; index < matrix.Length; index += columns)
        {
            matrix[index] *= factor;
        }

        return matrix;
    }

    // Every column equals the one half the matrix away.
    private static double[] Repeat(double[] matrix, int columns)
    {
        for (int index = 0; index < matrix.Length; index++)
        {
            int column = index % columns;
            matrix[index] = matrix[index - column + (column % ((columns + 1) / 2))];
        }

        return matrix;
    }
}
