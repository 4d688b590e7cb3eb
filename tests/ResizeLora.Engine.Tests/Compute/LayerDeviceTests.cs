using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Comparison;
using ResizeLora.Compute;
using ResizeLora.Resizing;
using ResizeLora.Tests.Kinds;
using ResizeLora.Tests.Resizing;

namespace ResizeLora.Tests.Compute;

/// <summary>A graphics device with too little memory costs time, and nothing else.</summary>
public sealed class LayerDeviceTests
{
    private const string OutOfMemory = "CUDA out of memory. Tried to allocate 2.00 GiB.";
    private const string Warning = "The device 'cuda:0' has too little free memory for some layers; they are computed on the processor.";

    public static TheoryData<string> Kinds =>
        [
            KindTensors.LoRA,
            KindTensors.Tucker,
            KindTensors.LoHa,
            KindTensors.LoKrBoth,
            KindTensors.DoRAOutput,
            KindTensors.DoRAInput,
            KindTensors.LoHaDoRA,
            KindTensors.LoKrDoRA,
        ];

    [Fact]
    public void A_part_that_finds_no_memory_is_done_by_the_processor_and_the_next_one_by_the_card()
    {
        var device = new LayerDevice(ComputeDevice.Cuda(0));
        var log = new EventLog();
        Assert.True(device.Compute(static onto => onto.IsCuda));
        device.WarnOfMemory(log);
        Assert.Empty(log.Warnings);

        Assert.False(device.Compute(static onto => onto.IsCuda ? throw ImitatedCard.Failure(OutOfMemory) : onto.IsCuda));
        Assert.True(device.Compute(static onto => onto.IsCuda));
        device.WarnOfMemory(progress: null);
        device.WarnOfMemory(log);
        device.WarnOfMemory(log);
        Assert.Equal([Warning], log.Warnings);
    }

    [Fact]
    public void Another_failure_of_the_card_is_an_error_that_names_it()
    {
        var device = new LayerDevice(ComputeDevice.Cuda(1));
        DeviceException failure = Assert.Throws<DeviceException>(() =>
            device.Compute<int>(static onto =>
                onto.IsCuda ? throw ImitatedCard.Failure("CUDA error: device-side assert triggered\nmore") : 3
            )
        );
        Assert.Equal("DeviceFailed", failure.ErrorId);
        Assert.Contains("'cuda:1': CUDA error: device-side assert triggered", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_two_parts_are_on_the_card_at_a_time()
    {
        var device = new LayerDevice(ComputeDevice.Cuda(0));
        using var two = new ManualResetEventSlim();
        int now = 0;
        int most = 0;
        object gate = new();
        bool Part(ComputeDevice onto)
        {
            lock (gate)
            {
                most = Math.Max(most, ++now);
                if (now == 2)
                {
                    two.Set();
                }
            }

            bool met = two.Wait(TimeSpan.FromSeconds(30));
            Thread.Sleep(20);
            lock (gate)
            {
                now--;
            }

            return met;
        }

        bool[] met = await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(_ =>
                    Task.Factory.StartNew(
                        () => device.Compute(Part),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                )
        );
        Assert.All(met, Assert.True);
        Assert.Equal(2, most);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_file_is_the_same_with_too_little_memory_for_all_layers_or_some_and_one_warning_says_so(int everyWhich)
    {
        const string Recipe = "spn_ckpt,subspace,thr=-1";
        using var expected = new ResizeScene();
        expected.Resize(Recipe).Output.Dispose();
        var card = new ImitatedCard(part => part % everyWhich != 0);
        using var scene = new ResizeScene(card: card);
        scene.Resize(Recipe).Output.Dispose();
        scene.Resize(Recipe, name: "again.safetensors").Output.Dispose();
        Assert.NotInRange(card.Parts, 0, 3 * scene.Job.Layers.Count);
        Assert.Equal(File.ReadAllBytes(expected.PathOf("output.safetensors")), File.ReadAllBytes(scene.PathOf("output.safetensors")));
        Assert.Equal([Warning], scene.Log.Warnings.Except(expected.Log.Warnings));
        Assert.Single(scene.Log.Warnings, Warning);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_is_the_same_with_too_little_memory_for_every_second_part(string kind)
    {
        (string Name, long[] Weight, SampleTensor[] Tensors)[] layers = KindFile.OverBase(kind, seed: 5);
        byte[][] Resize(LayerDevice? device)
        {
            using var scene = new KindScene(layers.SelectMany(static layer => layer.Tensors), KindFile.BaseOf(layers), device: device);
            using KindOutput output = scene.Resize("spn_ckpt,subspace,thr=-1", OutputKind.Smallest);
            return [.. output.File.Header.Tensors.Select(tensor => output.Read(tensor.Name))];
        }

        var card = new ImitatedCard(static part => part % 2 == 0);
        Assert.Equal(Resize(null), Resize(card));
        Assert.NotInRange(card.Parts, 0, layers.Length);
    }

    [Fact]
    public void A_spectrum_and_a_comparison_warn_too()
    {
        using var folder = new TemporaryFolder();
        using var scene = new ResizeScene(withBase: false);
        scene.Resize("rank=2").Output.Dispose();
        var card = new ImitatedCard(static _ => false);
        using var session = new ResizeSession(() => card, [], new NormCache(folder.PathOf("cache")));
        using Adapter input = scene.OpenInput();
        var log = new EventLog();
        Assert.NotEmpty(session.Decompose(input, input.Layers, log, CancellationToken.None).ToArray());
        Assert.Equal([Warning], log.Warnings);

        var other = new ImitatedCard(static _ => false);
        using var comparing = new ResizeSession(() => other, [], new NormCache(folder.PathOf("cache")));
        using Adapter output = Adapter.Open(scene.PathOf("output.safetensors"));
        LoraComparison Compare(ResizeSession session, EventLog? events)
        {
            using var comparer = new LoraComparer(session, scene.LoraPath);
            return comparer.Compare(output, layerNames: null, events, CancellationToken.None);
        }

        var comparisonLog = new EventLog();
        Assert.Equal(
            Compare(scene.Session, null).Layers.Select(static layer => layer.RelativeErrorToLora),
            Compare(comparing, comparisonLog).Layers.Select(static layer => layer.RelativeErrorToLora)
        );
        Assert.Single(comparisonLog.Warnings, Warning);
    }
}
