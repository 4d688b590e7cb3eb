using ResizeLora.Files;

namespace ResizeLora.Tests.Safetensors;

/// <summary>A file appears whole or not at all.</summary>
public sealed class SafetensorsWriterTests : IDisposable
{
    private static readonly Dictionary<string, string> Metadata = new() { ["hash"] = "0000", ["note"] = "kept" };

    private static readonly SafetensorsLayout Layout = SafetensorsLayout.Create(
        [("a", TensorType.Float32, [3]), ("b", TensorType.UInt8, [2])],
        Metadata
    );

    private readonly TemporaryFolder folder = new();

    private string Target => folder.PathOf("target.safetensors");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_written_is_read_back_and_is_as_long_as_was_known_before()
    {
        byte[] data = [.. WeightEncoder.Encode(TensorType.Float32, [1, -2, 0.5]), 7, 9];
        using (var writer = SafetensorsWriter.Create(Target, Layout))
        {
            writer.Write(data.AsSpan(0, 5));
            writer.Write([]);
            writer.Write(data.AsSpan(5));
            writer.Commit(new Dictionary<string, string>(Metadata) { ["hash"] = "beef" }, overwrite: false);
        }

        Assert.Equal(Layout.FileLength, new FileInfo(Target).Length);
        using SafetensorsFile file = SafetensorsFile.Open(Target);
        Assert.Equal("beef", file.Header.Metadata["hash"]);
        Assert.Equal("kept", file.Header.Metadata["note"]);
        Assert.Equal([1, -2, 0.5], ScalarFloat.DecodeAll(TensorType.Float32, file.Read(file.Find("a")!)));
        Assert.Equal([7, 9], file.Read(file.Find("b")!));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Until_it_is_committed_nothing_bears_the_final_name()
    {
        using var writer = SafetensorsWriter.Create(Target, Layout);
        writer.Write(new byte[14]);
        Assert.False(File.Exists(Target));
        Assert.StartsWith(".resizelora-", Path.GetFileName(Assert.Single(Directory.GetFiles(folder.Path))), StringComparison.Ordinal);
    }

    [Fact]
    public void Disposed_without_commit_it_leaves_nothing()
    {
        using (var writer = SafetensorsWriter.Create(Target, Layout))
        {
            writer.Write(new byte[14]);
        }

        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void An_existing_file_is_not_replaced_without_permission()
    {
        File.WriteAllText(Target, "precious");
        OutputException exception = Assert.Throws<OutputException>(() => WriteWhole(overwrite: false));
        Assert.Equal(("Exists", "OutputExists", Target), (exception.Defect, exception.ErrorId, exception.Path));
        Assert.DoesNotContain("-Force", exception.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(Target));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void An_existing_file_is_replaced_with_permission()
    {
        File.WriteAllText(Target, "worthless");
        WriteWhole(overwrite: true);
        Assert.Equal(Layout.FileLength, new FileInfo(Target).Length);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData(13)]
    [InlineData(15)]
    public void Data_of_another_length_than_was_laid_out_is_never_committed(int length)
    {
        using (var writer = SafetensorsWriter.Create(Target, Layout))
        {
            writer.Write(new byte[length]);
            Assert.Throws<InvalidOperationException>(() => writer.Commit(Metadata, overwrite: true));
        }

        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Metadata_of_another_length_than_was_laid_out_is_never_committed()
    {
        using (var writer = SafetensorsWriter.Create(Target, Layout))
        {
            writer.Write(new byte[14]);
            Assert.Throws<InvalidOperationException>(() =>
                writer.Commit(new Dictionary<string, string> { ["hash"] = new string('0', 40) }, overwrite: true)
            );
        }

        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_missing_folder_is_an_error_that_says_so()
    {
        OutputException exception = Assert.Throws<OutputException>(() =>
            SafetensorsWriter.Create(folder.PathOf("absent/target.safetensors"), Layout)
        );
        Assert.Equal("FolderMissing", exception.Defect);
        Assert.Contains(folder.PathOf("absent"), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_bears_the_final_name_is_an_error_and_nothing_is_left()
    {
        Directory.CreateDirectory(Target);
        Assert.Throws<OutputException>(() => WriteWhole(overwrite: true));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_file_in_the_place_of_the_folder_is_an_error()
    {
        File.WriteAllText(folder.PathOf("file"), string.Empty);
        Assert.Throws<OutputException>(() => SafetensorsWriter.Create(folder.PathOf("file/target.safetensors"), Layout));
    }

    [Fact]
    public void A_temporary_file_that_is_being_written_is_left_alone()
    {
        using (var writer = SafetensorsWriter.Create(Target, Layout))
        {
            writer.Write(new byte[14]);
            Assert.Equal(0, TemporaryFile.RemoveLeftovers(folder.Path));
            writer.Commit(Metadata, overwrite: false);
        }

        Assert.True(File.Exists(Target));
    }

    [Fact]
    public async Task Cleaning_a_folder_never_takes_a_file_that_is_just_being_finished()
    {
        using var done = new CancellationTokenSource();
        Task cleaner = Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested)
                {
                    TemporaryFile.RemoveLeftovers(folder.Path);
                }
            },
            TestContext.Current.CancellationToken
        );
        try
        {
            for (int index = 0; index < 2000; index++)
            {
                WriteWhole(overwrite: true);
            }
        }
        finally
        {
            await done.CancelAsync();
            await cleaner;
        }
    }

    private void WriteWhole(bool overwrite)
    {
        using var writer = SafetensorsWriter.Create(Target, Layout);
        writer.Write(new byte[14]);
        writer.Commit(Metadata, overwrite);
    }
}
