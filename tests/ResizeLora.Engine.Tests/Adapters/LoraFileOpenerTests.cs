using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.Tests.Adapters;

/// <summary>A folder as its owner keeps it: what is no LoRA to resize is left alone with a reason, what is damaged is an error.</summary>
public sealed class LoraFileOpenerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("lora.safetensors")]
    [InlineData("lora.SFT")]
    [InlineData("lora")]
    public void A_LoRA_is_opened(string name)
    {
        using Adapter? adapter = LoraFileOpener.TryOpen(
            new SampleLora().Layer("a", 8, 6, 2).Write(folder.PathOf(name)),
            new LoraFileOptions(TakesResized: false),
            out SkipReason? leftAlone
        );
        Assert.Single(adapter!.Layers);
        Assert.Null(leftAlone);
    }

    [Theory]
    [InlineData("model.diffusion_model.out.2.weight", "whole model")]
    [InlineData("unet.x.lora_A.weight", "no layer that can be resized")]
    [InlineData("unet.x.hada_w1_a", "can be resized")]
    [InlineData("unet.x.oft_blocks", "cannot be resized")]
    [InlineData("emb_params", "no LoRA layers")]
    public void A_file_of_another_kind_is_left_alone_and_closed(string tensor, string reason)
    {
        string path = SampleFiles.Write(folder.PathOf("other.safetensors"), [SampleTensor.Scalar(tensor, 1)]);
        Assert.Null(LoraFileOpener.TryOpen(path, new LoraFileOptions(TakesResized: true), out SkipReason? leftAlone));
        Assert.Contains(reason, leftAlone!.Text, StringComparison.Ordinal);
        using FileStream closed = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Fact]
    public void A_folder_a_text_and_a_file_of_layers_that_are_more_than_pairs_are_left_alone()
    {
        Assert.Null(LoraFileOpener.TryOpen(folder.Path, new LoraFileOptions(TakesResized: false), out SkipReason? isFolder));
        Assert.Contains("folder", isFolder!.Text, StringComparison.Ordinal);
        File.WriteAllText(folder.PathOf("notes.txt"), "no LoRA");
        Assert.Null(LoraFileOpener.TryOpen(folder.PathOf("notes.txt"), new LoraFileOptions(TakesResized: false), out SkipReason? isText));
        Assert.Contains("'.txt'", isText!.Text, StringComparison.Ordinal);
        string dora = new SampleLora()
            .Layer("a", 8, 6, 2)
            .Tensor(SampleTensor.Scalar("a.dora_scale", 1))
            .Write(folder.PathOf("dora.safetensors"));
        Assert.Null(LoraFileOpener.TryOpen(dora, new LoraFileOptions(TakesResized: false), out SkipReason? isDora));
        Assert.Contains("no layer that can be resized: a (its magnitudes are F32 [])", isDora!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_was_resized_before_is_left_alone_unless_it_is_asked_for()
    {
        string path = new SampleLora()
            .Layer("a", 8, 6, 2)
            .Metadata("resize_params", "{\"recipe_str\":\"spn_lora=1,thr=-1\"}")
            .Write(folder.PathOf("resized.safetensors"));
        Assert.Null(LoraFileOpener.TryOpen(path, new LoraFileOptions(TakesResized: false), out SkipReason? leftAlone));
        Assert.Contains("(spn_lora=1,thr=-1)", leftAlone!.Text, StringComparison.Ordinal);
        Assert.True(leftAlone.WasResized);
        using Adapter? adapter = LoraFileOpener.TryOpen(path, new LoraFileOptions(TakesResized: true), out _);
        Assert.NotNull(adapter);
    }

    [Theory]
    [InlineData("lora.ckpt")]
    [InlineData("lora.PT")]
    [InlineData("lora.pth")]
    [InlineData("lora.bin")]
    public void A_pickle_is_refused_by_its_name_without_being_read(string name)
    {
        UnsupportedFileException exception = Assert.Throws<UnsupportedFileException>(() =>
            LoraFileOpener.TryOpen(folder.PathOf(name), new LoraFileOptions(TakesResized: false), out _)
        );
        Assert.Contains("safetensors", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_an_error()
    {
        string path = folder.PathOf("damaged.safetensors");
        File.WriteAllBytes(path, SampleFiles.Raw("{", 3));
        Assert.Throws<SafetensorsException>(() => LoraFileOpener.TryOpen(path, new LoraFileOptions(TakesResized: false), out _));
    }
}
