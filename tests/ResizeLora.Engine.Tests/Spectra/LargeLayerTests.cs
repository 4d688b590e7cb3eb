using System.Diagnostics;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Spectra;

/// <summary>Layers as large as SDXL's largest, and ranks that only a stranger would write.</summary>
[Collection(Processes.ProcessTests.Name)]
public sealed class LargeLayerTests : IDisposable
{
    private const string Layer = "lora_unet_input_blocks_7_1_transformer_blocks_0_ff_net_0_proj";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [UnixFact]
    public void A_rank_far_above_both_sides_takes_memory_for_its_factors_only()
    {
        // 64 KB of factors, whose Gram matrices would take 2 GB each.
        const int Rank = 16_000;
        string path = new SampleLora(3).Layer("layer", 1, 1, Rank, alpha: 1, TensorType.Float16).Write(folder.PathOf("wide.safetensors"));
        using var session = new ResizeSession("cpu", checkpointPath: null, new NormCache(folder.PathOf("cache")));
        using var process = Process.GetCurrentProcess();
        long before = process.PeakWorkingSet64;
        using var job = ResizeJob.Decompose(session, Adapter.Open(path), null, CancellationToken.None);
        process.Refresh();

        // The system counts pages roughly, so that a peak may even go down by a few.
        Assert.True(process.PeakWorkingSet64 - before <= 256L << 20);
        Assert.Single(job.Layers[0].SingularValues);
    }

    [Fact]
    public void Cancelling_answers_within_a_second_wherever_a_large_layer_is_at()
    {
        const int Out = 10_240;
        const int In = 1_280;
        const int Rank = 128;
        const int Points = 8;
        var noise = new Gaussian(4);
        double[] numbers = noise.Numbers(Out * In, 0.05);
        string lora = SampleFiles.Write(
            folder.PathOf("lora.safetensors"),
            [
                .. Enumerable
                    .Range(0, 6)
                    .SelectMany(index =>
                        new[]
                        {
                            SampleTensor.Of($"{LayerOf(index)}.lora_down.weight", TensorType.Float16, [Rank, In], numbers.Take(Rank * In)),
                            SampleTensor.Of(
                                $"{LayerOf(index)}.lora_up.weight",
                                TensorType.Float16,
                                [Out, Rank],
                                numbers.Skip(index).Take(Out * Rank)
                            ),
                        }
                    ),
            ]
        );
        byte[] weight = WeightEncoder.Encode(TensorType.Float16, numbers);
        string checkpoint = SampleFiles.Write(
            folder.PathOf("base.safetensors"),
            Enumerable
                .Range(0, 6)
                .Select(index => new SampleTensor(
                    FormattableString.Invariant($"model.diffusion_model.input_blocks.{index}.1.transformer_blocks.0.ff.net.0.proj.weight"),
                    TensorType.Float16,
                    [Out, In],
                    weight
                ))
        );

        // The first run also compiles. A machine that others use gets faster and slower: a run that ended before its cancellation says
        // how much
        // earlier to cancel.
        Run(lora, checkpoint, TimeSpan.FromMinutes(1));
        TimeSpan whole = Run(lora, checkpoint, TimeSpan.FromMinutes(1)).Elapsed;
        var answers = new List<TimeSpan>();
        for (int run = 0; run < 4 * Points && answers.Count < Points; run++)
        {
            (TimeSpan elapsed, TimeSpan? answer) = Run(lora, checkpoint, whole * (answers.Count + 0.5) / Points);
            if (answer is { } time)
            {
                answers.Add(time);
            }
            else
            {
                whole = elapsed < whole ? elapsed : whole * 0.9;
            }
        }

        Assert.Equal(Points, answers.Count);
        Assert.All(answers, static answer => Assert.InRange(answer.TotalSeconds, 0, 1));
    }

    private static string LayerOf(int index) =>
        Layer.Replace("blocks_7", FormattableString.Invariant($"blocks_{index}"), StringComparison.Ordinal);

    // Norms, spectra, subspaces and the output, cancelled after a while; gives the time in all, and that from then to the answer or null
    // when it had ended before.
    private (TimeSpan Elapsed, TimeSpan? Answer) Run(string lora, string checkpoint, TimeSpan after)
    {
        using var cancellation = new CancellationTokenSource();
        long cancelledAt = long.MaxValue;
        using var timer = new Timer(
            _ =>
            {
                Interlocked.Exchange(ref cancelledAt, Stopwatch.GetTimestamp());
                cancellation.Cancel();
            },
            null,
            after,
            Timeout.InfiniteTimeSpan
        );
        var clock = Stopwatch.StartNew();
        try
        {
            using var session = new ResizeSession("cpu", checkpoint, new NormCache(folder.PathOf(Guid.NewGuid().ToString("N"))));
            using var job = ResizeJob.Decompose(session, Adapter.Open(lora), null, cancellation.Token);
            ResizePlan plan = job.Plan(
                ResizeRecipe.Parse("subspace,spn_ckpt,thr=-9"),
                TensorType.Float16,
                OutputKind.Smallest,
                null,
                cancellation.Token
            );
            job.Write(plan, folder.PathOf("output.safetensors"), overwrite: true, null, cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            return (clock.Elapsed, Stopwatch.GetElapsedTime(Interlocked.Read(ref cancelledAt)));
        }

        return (clock.Elapsed, null);
    }
}
