using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>Where an output cannot be written: one clear error, nothing left, the inputs untouched, and the next output goes on.</summary>
public sealed class RefusedOutputTests
{
    [TmpfsFact]
    public void A_full_disk_is_an_error_that_leaves_nothing_and_a_smaller_output_still_fits()
    {
        using var scene = new ResizeScene();
        using var disk = new Tmpfs(8 << 10);
        ResizePlan large = scene.Plan("spn_ckpt,thr=-inf", TensorType.Float32);
        ResizePlan small = scene.Plan("spn_lora,thr=-0.01");
        Assert.InRange(large.Length, 9 << 10, long.MaxValue);
        Assert.InRange(small.Length, 1, 8 << 10);
        byte[] before = File.ReadAllBytes(scene.LoraPath);

        OutputException exception = AssertRefused(scene, large, disk.PathOf("large.safetensors"), "DiskFull");
        Assert.Contains("the disk is full", exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(disk.Path));
        scene.Job.Write(small, disk.PathOf("small.safetensors"), overwrite: false, null, CancellationToken.None);
        Assert.Equal(small.Length, new FileInfo(Assert.Single(Directory.GetFiles(disk.Path))).Length);
        Assert.Equal(before, File.ReadAllBytes(scene.LoraPath));
    }

    [TmpfsFact]
    public void A_read_only_folder_is_an_error_that_says_so()
    {
        using var scene = new ResizeScene();
        using var disk = new Tmpfs(1 << 20);
        disk.MakeReadOnly();
        AssertRefused(scene, scene.Plan("spn_lora,thr=-1"), disk.PathOf("output.safetensors"), "Denied");
        var placement = new OutputPlacement(disk.PathOf("sub"));
        OutputException exception = Assert.Throws<OutputException>(() => placement.Prepare(disk.PathOf("sub/output.safetensors"), null));
        Assert.Equal("Denied", exception.Defect);
    }

    [Fact]
    public void A_missing_folder_is_an_error_and_one_that_cannot_be_made_too()
    {
        using var scene = new ResizeScene();
        AssertRefused(scene, scene.Plan("spn_lora,thr=-1"), scene.PathOf("absent/output.safetensors"), "FolderMissing");
        string beneathFile = Path.Combine(scene.LoraPath, "sub");
        var placement = new OutputPlacement(beneathFile);
        Assert.Throws<OutputException>(() => placement.Prepare(Path.Combine(beneathFile, "output.safetensors"), null));
    }

    [UnixFact]
    public void A_name_or_a_path_that_is_too_long_is_an_error_that_says_so()
    {
        using var scene = new ResizeScene();
        ResizePlan plan = scene.Plan("spn_lora,thr=-1");
        AssertRefused(scene, plan, scene.PathOf(new string('n', 250) + ".safetensors"), "PathTooLong");
        AssertRefused(scene, plan, scene.PathOf(string.Concat(Enumerable.Repeat("folder/", 700)) + "o.safetensors"), "PathTooLong");
        Assert.Equal([scene.BasePath!, scene.LoraPath], Directory.GetFiles(scene.OutputFolder).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/a/CON", "CON")]
    [InlineData("/a/nul.safetensors", "nul.safetensors")]
    [InlineData("C:\\loras\\aux.v2_th-1.2.safetensors", "aux.v2_th-1.2.safetensors")]
    [InlineData("C:\\PRN\\x.safetensors", "PRN")]
    [InlineData("COM1", "COM1")]
    [InlineData("lpt9.txt", "lpt9.txt")]
    [InlineData("COM\u00B2.x", "COM\u00B2.x")]
    [InlineData("nul .tar.gz", "nul .tar.gz")]
    [InlineData("CONIN$", "CONIN$")]
    [InlineData("/loras /x", "loras ")]
    [InlineData("/loras./x", "loras.")]
    [InlineData("/a/CONSOLE.safetensors", null)]
    [InlineData("/a/COM10.safetensors", null)]
    [InlineData("/a/COM0", null)]
    [InlineData("/a/.hidden/x.con", null)]
    [InlineData("./../CON_spnckpt1_th-1.2.safetensors", null)]
    public void Names_that_Windows_keeps_for_itself_are_known(string path, string? reserved) =>
        Assert.Equal(reserved, ReservedNames.FindIn(path));

    [Fact]
    public void A_reserved_name_is_refused_on_Windows_and_ordinary_elsewhere()
    {
        Exception? exception = Record.Exception(static () => ReservedNames.Check("/a/nul.safetensors"));
        Assert.Equal(OperatingSystem.IsWindows() ? "OutputNameReserved" : null, (exception as OutputException)?.ErrorId);
    }

    [Fact]
    public void A_guarded_output_has_no_reserved_name_either()
    {
        Exception? exception = Record.Exception(static () => OutputGuard.Check("/a/con.png", []));
        Assert.Equal(OperatingSystem.IsWindows() ? "OutputNameReserved" : null, (exception as OutputException)?.ErrorId);
    }

    [WindowsFact]
    public void A_file_that_is_read_only_or_open_elsewhere_is_not_replaced_and_the_error_says_which()
    {
        using var scene = new ResizeScene();
        ResizePlan plan = scene.Plan("spn_lora,thr=-1");
        string path = scene.PathOf("output.safetensors");
        File.WriteAllText(path, "earlier");
        void Replace() => scene.Job.Write(plan, path, overwrite: true, null, CancellationToken.None);

        File.SetAttributes(path, FileAttributes.ReadOnly);
        Assert.Equal("OutputReadOnly", Assert.Throws<OutputException>(Replace).ErrorId);
        File.SetAttributes(path, FileAttributes.Normal);

        // As a web UI holds the LoRA that it uses: open for reading, and shared for that.
        using (File.Open(path, FileMode.Open, FileAccess.Read, FileShare.Read))
        {
            Assert.Equal("OutputInUse", Assert.Throws<OutputException>(Replace).ErrorId);
        }

        Assert.Equal("earlier", File.ReadAllText(path));
        Replace();
        Assert.Equal(plan.Length, new FileInfo(path).Length);
    }

    [Theory]
    [InlineData(0x80070020)]
    [InlineData(0x80070021)]
    [InlineData(0x800704C8)]
    public void What_Windows_says_of_a_file_in_use_is_known(uint code) =>
        Assert.Equal("OutputInUse", OutputException.From("o.safetensors", new IOException("refused", unchecked((int)code))).ErrorId);

    [Theory]
    [InlineData("ReadOnly", "OutputReadOnly", "read-only")]
    [InlineData("InUse", "OutputInUse", "open in another program")]
    [InlineData("None", "OutputDenied", "denies writing")]
    public void A_denied_access_is_told_by_what_stands_in_the_way(string obstacle, string id, string words)
    {
        OutputException exception = OutputException.From(
            "o.safetensors",
            new UnauthorizedAccessException(),
            Enum.Parse<OutputObstacle>(obstacle)
        );
        Assert.Equal(id, exception.ErrorId);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    private static OutputException AssertRefused(ResizeScene scene, ResizePlan plan, string path, string reason)
    {
        OutputException exception = Assert.Throws<OutputException>(() =>
            scene.Job.Write(plan, path, overwrite: false, null, CancellationToken.None)
        );
        Assert.Equal((reason, $"Output{reason}", path), (exception.Defect, exception.ErrorId, exception.Path));
        return exception;
    }
}
