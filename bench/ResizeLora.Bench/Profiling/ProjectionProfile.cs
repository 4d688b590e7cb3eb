using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Bench.Profiling;

/// <summary>
/// How close W5 and W6 come to what the processor can do: the speed of their product beside that of its innermost tile alone and of
/// libtorch's.
/// </summary>
internal static class ProjectionProfile
{
    // The largest kind of U-Net layer that there are hundreds of.
    private const int Side = 1280;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1);

    /// <summary>Runs and prints.</summary>
    /// <param name="files">The files.</param>
    public static void Print(BenchFiles files)
    {
        NativeLibraries.EnsureLoaded();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"\n| product in single precision, on {Environment.ProcessorCount} threads | GFLOP/s |\n| --- | ---: |"
            )
        );
        Print(
            "the innermost tile alone, all in the nearest cache",
            OnAllThreads(Vector512.IsHardwareAccelerated ? Tile<ProjectionTile512> : Tile<ProjectionTile256>)
        );
        Print(
            $"libtorch, {Side} × {Side} by {Side} × {files.HighRank}, from single precision in memory",
            OnAllThreads(() => Library(files.HighRank))
        );
        Print($"uᵀ·W·v of all base weights, rank {files.HighRank}, as they lie in the file", OfAllWeights(files, files.HighRank));
        Print($"uᵀ·W·v of all base weights, rank {files.LowRank}, as they lie in the file", OfAllWeights(files, files.LowRank));
    }

    private static void Print(string what, double speed) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {speed:0} |"));

    private static double OnAllThreads(Func<double> measure)
    {
        double[] speeds = new double[Environment.ProcessorCount];
        LayerWorkers.ForEach(
            Enumerable.Range(0, speeds.Length).ToArray(),
            speeds.Length,
            index => speeds[index] = measure(),
            CancellationToken.None
        );
        return speeds.Sum();
    }

    private static double Tile<TTile>()
        where TTile : struct, IProjectionTile
    {
        const int Repetitions = 1000;
        const int Length = 128;
        using var weights = new AlignedMemory<float>(TTile.Rows * IProjectionTile.Stride);
        using var vectors = new AlignedMemory<float>(Length * TTile.Columns);
        using var sums = new AlignedMemory<float>(TTile.Rows * TTile.Columns);
        weights.Span.Fill(1e-3f);
        vectors.Span.Fill(1e-3f);
        sums.Span.Clear();
        return Speed(
            2.0 * TTile.Rows * TTile.Columns * Length * Repetitions,
            () =>
            {
                for (int repetition = 0; repetition < Repetitions; repetition++)
                {
                    TTile.Multiply(weights.Span, vectors.Span, Length, sums.Span);
                }
            }
        );
    }

    private static double Library(int rank)
    {
        LayerThreads.Enter();
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = rand([Side, Side], ScalarType.Float32);
        Tensor vectors = rand([Side, rank], ScalarType.Float32);
        return Speed(2.0 * Side * Side * rank, () => weight.matmul(vectors).Dispose());
    }

    private static double OfAllWeights(BenchFiles files, int rank)
    {
        using var checkpoint = Checkpoint.Open(files.Checkpoint);
        using var adapter = Adapter.Open(files.HighRankLora);
        BaseWeight[] weights = adapter
            .Layers.Select(layer => checkpoint.Find(layer.Name)!)
            .OrderByDescending(static weight => weight.ByteLength)
            .ToArray();
        float[] vectors = new float[weights.Max(static weight => Math.Max(weight.Rows, weight.Columns)) * rank];
        vectors.AsSpan().Fill(1e-3f);
        long start = Stopwatch.GetTimestamp();
        LayerWorkers.ForEach(
            weights,
            Environment.ProcessorCount,
            weight =>
                WeightProjection.Compute(
                    weight.Type,
                    weight.Read,
                    weight.Rows,
                    weight.Columns,
                    vectors.AsSpan(0, weight.Rows * rank),
                    vectors.AsSpan(0, weight.Columns * rank),
                    new double[rank]
                ),
            CancellationToken.None
        );
        return weights.Sum(static weight => (double)weight.Rows * weight.Columns)
            * 2
            * rank
            / Stopwatch.GetElapsedTime(start).TotalSeconds
            / 1e9;
    }

    // Operations per nanosecond.
    private static double Speed(double operations, Action work)
    {
        work();
        int count = 0;
        var clock = Stopwatch.StartNew();
        for (; clock.Elapsed < Duration; count++)
        {
            work();
        }

        return operations * count / clock.Elapsed.TotalSeconds / 1e9;
    }
}
