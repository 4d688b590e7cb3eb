using ResizeLora.Adapters;
using ResizeLora.Conversion;
using ResizeLora.Dialects;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Conversion;

/// <summary>A conversion that ends before its time leaves nothing.</summary>
public sealed class FailedConversionTests : IDisposable
{
    private const string Layer = "lora_unet_double_blocks_0_img_mlp_0";
    private const int TensorCount = 6;

    private readonly TemporaryFolder folder = new();

    public static TheoryData<LoraNaming> Namings => [.. Enum.GetValues<LoraNaming>()];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Namings))]
    public void Cancelled_while_it_writes_it_leaves_no_file_and_no_temporary_one(LoraNaming naming)
    {
        for (int after = 1; after < (naming.IsOfPeft() ? 4 : TensorCount); after++)
        {
            using var cancellation = new CancellationTokenSource();
            int reports = 0;
            var log = new EventLog
            {
                OnReport = _ =>
                {
                    if (++reports == after)
                    {
                        cancellation.Cancel();
                    }
                },
            };
            Assert.ThrowsAny<OperationCanceledException>(() => Convert(Lora(1), naming, null, log, cancellation.Token));
            Assert.Empty(Directory.GetFileSystemEntries(folder.PathOf("out")));
        }
    }

    [UnixFact]
    public void An_input_that_is_written_to_meanwhile_is_an_error_and_leaves_nothing()
    {
        SampleLora lora = Lora(1);
        var log = new EventLog { OnReport = _ => File.AppendAllText(folder.PathOf("lora.safetensors"), "more") };
        ConversionException stale = Assert.Throws<ConversionException>(() =>
            Convert(lora, LoraNaming.Peft, null, log, CancellationToken.None)
        );
        Assert.Equal("ConversionStale", stale.ErrorId);
        Assert.Empty(Directory.GetFileSystemEntries(folder.PathOf("out")));
    }

    [Fact]
    public void A_number_that_does_not_fit_the_type_is_an_error_and_leaves_nothing()
    {
        AdapterException large = Assert.Throws<AdapterException>(() =>
            Convert(Lora(1e6), LoraNaming.ComfyUI, OutputType.Float16, new EventLog(), CancellationToken.None)
        );
        Assert.Equal("LayerOverflow", large.ErrorId);
        Assert.Empty(Directory.GetFileSystemEntries(folder.PathOf("out")));
    }

    private static SampleLora Lora(double deviation) =>
        new SampleLora()
            .Layer(Layer, 32, 8, 4, alpha: 2, deviation: deviation)
            .Layer("lora_unet_double_blocks_1_img_mlp_0", 32, 8, 4, alpha: 2, deviation: deviation);

    private void Convert(SampleLora lora, LoraNaming naming, OutputType? type, EventLog log, CancellationToken cancellationToken)
    {
        string output = Path.Combine(Directory.CreateDirectory(folder.PathOf("out")).FullName, PeftSettings.AdapterFileName);
        using Adapter adapter = Adapter.Open(lora.Write(folder.PathOf("lora.safetensors")));
        ConversionPlan plan = LoraConverter.Plan(
            new ConversionMaking(adapter, new ConversionSettings { Naming = naming, Type = type }),
            progress: null
        );
        LoraConverter.Write(plan, output, overwrite: false, log, cancellationToken);
    }
}
