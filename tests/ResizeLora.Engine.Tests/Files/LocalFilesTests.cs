using ResizeLora.Files;

namespace ResizeLora.Tests.Files;

/// <summary>Files of which only the name is here: none of them is opened.</summary>
public sealed class LocalFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData(0x400020, true)] // recalled when it is read, as OneDrive marks it
    [InlineData(0x501620, true)] // the same as OneDrive's files stand in a folder
    [InlineData(0x040020, true)] // recalled when it is opened
    [InlineData(0x001020, true)] // offline, as archives mark it
    [InlineData(0x480020, true)] // to be kept here, and on its way
    [InlineData(0x080020, false)] // kept here
    [InlineData(0x100420, false)] // of OneDrive, and here
    [InlineData(0x000020, false)]
    [InlineData(0x000080, false)]
    [InlineData(0x000601, false)] // a sparse, read-only link
    public void The_attributes_tell_a_file_whose_content_is_elsewhere(int attributes, bool isElsewhere) =>
        Assert.Equal(isElsewhere, LocalFiles.IsElsewhere((FileAttributes)attributes));

    [WindowsFact]
    public void A_file_that_is_not_here_is_not_opened()
    {
        string path = new SampleLora().Layer("lora_unet_mid_block_1_proj_in", 12, 10, 4).Write(folder.PathOf("lora.safetensors"));
        SafetensorsFile.Open(path).Dispose();
        File.SetAttributes(path, FileAttributes.Offline);
        Assert.SkipUnless(File.GetAttributes(path).HasFlag(FileAttributes.Offline), "This file system keeps no such mark.");
        NotLocalException exception = Assert.Throws<NotLocalException>(() => SafetensorsFile.Open(path));
        Assert.Equal(("FileNotLocal", path), (exception.ErrorId, exception.Path));
        Assert.Contains("Always keep on this device", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_here_or_does_not_exist_is_not_elsewhere()
    {
        File.WriteAllText(folder.PathOf("here"), "here");
        Assert.False(LocalFiles.IsElsewhere(folder.PathOf("here")));
        Assert.False(LocalFiles.IsElsewhere(folder.PathOf("absent")));
        Assert.False(LocalFiles.IsElsewhere(folder.PathOf("absent/too")));
    }

    public void Dispose() => folder.Dispose();
}
