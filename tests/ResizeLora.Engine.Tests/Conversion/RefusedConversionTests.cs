using ResizeLora.Adapters;
using ResizeLora.Conversion;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Conversion;

/// <summary>What cannot be written as asked: the error, what is left behind, and outputs that lack something.</summary>
public sealed class RefusedConversionTests : IDisposable
{
    private const string Plain = "lora_unet_double_blocks_0_img_mlp_0";

    private static readonly ConversionSettings Partial = new() { Naming = LoraNaming.Diffusers, SkipsUnsupported = true };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_error_carries_all_layers_and_a_verbose_note_names_them()
    {
        string path = WithDifferences(5);
        var log = new EventLog();
        ConversionException refused = Assert.Throws<ConversionException>(() =>
            ConversionScene.Convert(path, folder.PathOf("out/lora.safetensors"), new() { Naming = LoraNaming.Diffusers }, log)
        );
        Assert.Equal(5, refused.Unwritten.Count);
        Assert.False(refused.IsAll);
        string note = Assert.Single(log.Verbose);
        Assert.All(refused.Unwritten, layer => Assert.Contains(layer.Name, note, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("hada", UnwrittenCase.OtherKind)]
    [InlineData("diff", UnwrittenCase.NoPlace)]
    [InlineData("strange", UnwrittenCase.NameUnknown)]
    public void Each_layer_says_what_its_reason_comes_to(string what, UnwrittenCase expected)
    {
        var lora = new SampleLora();
        if (what != "strange")
        {
            lora.Layer(Plain, 32, 8, 4, alpha: 2);
        }

        const string Other = "lora_unet_double_blocks_0_img_mlp_2";
        SampleTensor Of(string suffix, params long[] shape) =>
            SampleTensor.Of(Other + suffix, TensorType.Float32, shape, new double[shape[0] * shape[1]]);
        SampleTensor[] tensors = what switch
        {
            "hada" => [Of(".hada_w1_a", 8, 2), Of(".hada_w1_b", 2, 32), Of(".hada_w2_a", 8, 2), Of(".hada_w2_b", 2, 32)],
            "diff" => [Of(".diff", 8, 32)],
            _ => [],
        };
        Array.ForEach(tensors, tensor => lora.Tensor(tensor));
        string path = what == "strange" ? Write(lora.Layer("lora_unet_strange_tower_0_mix_in", 8, 8, 2, alpha: 1)) : Write(lora);
        ConversionException refused = Assert.Throws<ConversionException>(() =>
            ConversionScene.Rename(path, folder.PathOf("out"), LoraNaming.Diffusers)
        );
        Assert.Equal(expected, Assert.Single(refused.Unwritten).Case);
        Assert.Equal(what == "strange", refused.IsAll);
    }

    [Fact]
    public void An_output_that_lacks_something_is_done_only_for_whoever_would_leave_the_same_behind()
    {
        string path = WithDifferences(1);
        string partial = Convert(path, Partial);
        Assert.Equal(partial, FindExisting(path, Partial));
        Assert.Null(FindExisting(path, Partial with { SkipsUnsupported = false }));
    }

    [Fact]
    public void An_output_that_lacks_nothing_is_done_for_everybody()
    {
        string path = Write(new SampleLora().Layer(Plain, 32, 8, 4, alpha: 2));
        string whole = Convert(path, Partial with { SkipsUnsupported = false });
        Assert.Equal(whole, FindExisting(path, Partial));
    }

    [Fact]
    public void An_output_that_lacks_other_things_is_another_output()
    {
        // Of an earlier version that could say less.
        string path = WithDifferences(2);
        string partial = Convert(path, Partial);
        string text = File.ReadAllText(partial, System.Text.Encoding.Latin1);
        string key = text[(text.IndexOf("left_behind_layers", StringComparison.Ordinal) + 24)..][..8];
        File.WriteAllText(partial, text.Replace(key, "00000000", StringComparison.Ordinal), System.Text.Encoding.Latin1);
        Assert.Null(FindExisting(path, Partial));
    }

    private static string Convert(string path, ConversionSettings settings)
    {
        using Adapter adapter = Adapter.Open(path);
        string output = new OutputPlacement(null).Place(new ConversionMaking(adapter, settings), threshold: null, overwrite: false);
        return ConversionScene.Convert(path, output, settings).Path;
    }

    private static string? FindExisting(string path, ConversionSettings settings)
    {
        using Adapter adapter = Adapter.Open(path);
        return new OutputPlacement(null).FindExisting(new ConversionMaking(adapter, settings));
    }

    private string WithDifferences(int count)
    {
        SampleLora lora = new SampleLora().Layer(Plain, 32, 8, 4, alpha: 2);
        for (int index = 0; index < count; index++)
        {
            string name = FormattableString.Invariant($"lora_unet_double_blocks_{index}_img_mlp_2.diff");
            lora.Tensor(SampleTensor.Of(name, TensorType.Float32, [8, 32], new double[256]));
        }

        return Write(lora);
    }

    private string Write(SampleLora lora) => lora.Write(folder.PathOf($"{Guid.NewGuid():N}.safetensors"));
}
