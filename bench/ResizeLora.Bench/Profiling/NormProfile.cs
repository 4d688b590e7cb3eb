using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Bench.Profiling;

/// <summary>Where the time of W4 goes: the steps of BaseNormProvider, done again one by one under a clock.</summary>
internal static class NormProfile
{
    private const int DecodedAtOnce = 1 << 15;

    /// <summary>Runs and prints.</summary>
    /// <param name="files">The files.</param>
    public static void Print(BenchFiles files)
    {
        using var checkpoint = Checkpoint.Open(files.Checkpoint);
        using var adapter = Adapter.Open(files.HighRankLora);
        BaseWeight[] weights = adapter
            .Layers.Select(layer => checkpoint.Find(layer.Name)!)
            .OrderByDescending(static weight => weight.ByteLength)
            .ToArray();
        var clock = new StepClock();
        var applications = new ConcurrentBag<(int Count, long ByteLength)>();
        LayerWorkers.ForEach(
            weights,
            Environment.ProcessorCount,
            weight => applications.Add((Measure(weight, clock), weight.ByteLength)),
            CancellationToken.None
        );
        clock.Print($"Norms of {weights.Length} base weights, {weights.Sum(static weight => weight.ByteLength) >> 20} MiB");
        Console.WriteLine("\n| applications of WᵀW | weights | MiB read in all |\n| ---: | ---: | ---: |");
        foreach (
            IGrouping<int, (int Count, long ByteLength)> group in applications
                .GroupBy(static entry => Bucket(entry.Count))
                .OrderBy(static group => group.Key)
        )
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| ≤ {group.Key} | {group.Count()} | {group.Sum(static entry => entry.Count * entry.ByteLength) >> 20} |"
                )
            );
        }
    }

    // One by one where the most are, then in steps of ten.
    private static int Bucket(int count) => count <= 12 ? count : (count + 9) / 10 * 10;

    private static int Measure(BaseWeight weight, StepClock clock)
    {
        byte[] buffer = clock.Time("take memory", () => ArrayPool<byte>.Shared.Rent((int)weight.StoredByteLength));
        Memory<byte> bytes = buffer.AsMemory(0, (int)weight.StoredByteLength);
        clock.Time("read", () => Read(weight, buffer));
        clock.Time("hash", () => XxHash128.Hash(bytes.Span));
        IGramOperator gram = clock.Time("make the operator (‖W‖F)", () => new GramOperatorFactory().Create(weight, bytes));
        using (gram as IDisposable)
        {
            var watched = new WatchedGramOperator(gram);
            long start = Stopwatch.GetTimestamp();
            LanczosNorm.Compute(watched, CancellationToken.None);
            clock.Add("apply WᵀW", watched.Elapsed);
            clock.Add("the rest of the iteration", Stopwatch.GetElapsedTime(start) - watched.Elapsed);
            if (!weight.IsQ8)
            {
                clock.Time("(decoding once, for comparison)", () => Decode(weight.StoredType, bytes.Span));
            }

            ArrayPool<byte>.Shared.Return(buffer);
            return watched.Applications;
        }
    }

    private static int Read(BaseWeight weight, byte[] buffer)
    {
        weight.ReadStored(buffer.AsSpan(0, (int)weight.StoredByteLength));
        return buffer.Length;
    }

    private static float Decode(TensorType type, ReadOnlySpan<byte> bytes)
    {
        float[] decoded = ArrayPool<float>.Shared.Rent(DecodedAtOnce);
        int step = DecodedAtOnce * TensorTypes.BytesOf(type);
        for (int start = 0; start < bytes.Length; start += step)
        {
            ReadOnlySpan<byte> part = bytes.Slice(start, Math.Min(step, bytes.Length - start));
            WeightDecoder.ToSingle(type, part, decoded.AsSpan(0, part.Length / TensorTypes.BytesOf(type)));
        }

        ArrayPool<float>.Shared.Return(decoded);
        return decoded[0];
    }
}
