using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>An output never takes the place of a file that is being read.</summary>
public sealed class OutputGuardTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string input;

    public OutputGuardTests()
    {
        Directory.CreateDirectory(folder.PathOf("real/sub"));
        input = folder.PathOf("real/sub/lora.safetensors");
        File.WriteAllText(input, string.Empty);
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("real/sub/lora.safetensors")]
    [InlineData("real/sub/LORA.safetensors")]
    [InlineData("REAL/Sub/lora.SAFETENSORS")]
    [InlineData("real/./sub/../sub/lora.safetensors")]
    public void An_output_that_is_an_input_is_refused_however_it_is_spelled(string output) => AssertRefused(output);

    [UnixFact]
    public void An_output_that_is_a_link_to_an_input_is_refused()
    {
        File.CreateSymbolicLink(folder.PathOf("link.safetensors"), input);
        File.CreateSymbolicLink(folder.PathOf("second.safetensors"), "link.safetensors");
        AssertRefused("link.safetensors");
        AssertRefused("second.safetensors");
    }

    [TmpfsFact]
    public void An_output_that_is_a_hard_link_to_an_input_is_refused()
    {
        using (var process = System.Diagnostics.Process.Start("ln", [input, folder.PathOf("hard.safetensors")]))
        {
            process.WaitForExit();
        }

        AssertRefused("hard.safetensors");
    }

    [UnixFact]
    public void An_output_in_a_linked_folder_of_an_input_is_refused()
    {
        Directory.CreateSymbolicLink(folder.PathOf("alias"), folder.PathOf("real"));
        AssertRefused("alias/sub/lora.safetensors");
        AssertRefused("alias/sub/Lora.safetensors");
    }

    [UnixFact]
    public void An_output_behind_a_link_that_leads_through_a_link_is_refused()
    {
        Directory.CreateSymbolicLink(folder.PathOf("alias"), folder.PathOf("real"));
        Directory.CreateSymbolicLink(folder.PathOf("shortcut"), folder.PathOf("alias/sub"));
        AssertRefused("shortcut/lora.safetensors");
        File.CreateSymbolicLink(folder.PathOf("link.safetensors"), folder.PathOf("alias/sub/lora.safetensors"));
        AssertRefused("link.safetensors");
    }

    [UnixFact]
    public void A_linked_input_is_protected_under_its_own_name_too()
    {
        string link = folder.PathOf("link.safetensors");
        File.CreateSymbolicLink(link, input);
        Assert.Throws<OutputException>(() => OutputGuard.Check(input, [link]));
    }

    [UnixFact]
    public void Links_that_lead_nowhere_or_around_are_compared_as_they_are_spelled()
    {
        File.CreateSymbolicLink(folder.PathOf("nowhere"), folder.PathOf("absent"));
        File.CreateSymbolicLink(folder.PathOf("around"), folder.PathOf("around"));
        OutputGuard.Check(folder.PathOf("nowhere"), [input]);
        OutputGuard.Check(folder.PathOf("around/lora.safetensors"), [input]);
    }

    [Theory]
    [InlineData("real/sub/lora2.safetensors")]
    [InlineData("real/lora.safetensors")]
    [InlineData("absent/lora.safetensors")]
    public void Another_file_is_no_input(string output) =>
        OutputGuard.Check(folder.PathOf(output), [input, folder.PathOf("base.safetensors")]);

    [Fact]
    public void A_job_refuses_to_write_over_its_LoRA_and_its_checkpoint_even_with_permission()
    {
        using var scene = new ResizeScene();
        ResizePlan plan = scene.Plan("spn_ckpt,thr=-1.2");
        byte[][] before = [File.ReadAllBytes(scene.LoraPath), File.ReadAllBytes(scene.BasePath!)];
        foreach (string path in new[] { scene.LoraPath, scene.BasePath!, scene.PathOf("LORA.safetensors") })
        {
            OutputException exception = Assert.Throws<OutputException>(() =>
                scene.Job.Write(plan, path, overwrite: true, null, CancellationToken.None)
            );
            Assert.Equal("IsInput", exception.Defect);
        }

        Assert.Equal(before, [File.ReadAllBytes(scene.LoraPath), File.ReadAllBytes(scene.BasePath!)]);
    }

    private void AssertRefused(string output)
    {
        string path = folder.PathOf(output);
        OutputException exception = Assert.Throws<OutputException>(() =>
            OutputGuard.Check(path, [folder.PathOf("base.safetensors"), input])
        );
        Assert.Equal(("IsInput", path), (exception.Defect, exception.Path));
    }
}
