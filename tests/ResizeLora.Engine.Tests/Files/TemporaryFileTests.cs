using ResizeLora.Files;

namespace ResizeLora.Tests.Safetensors;

/// <summary>What killed runs left is removed; what any machine may still be writing is not.</summary>
public sealed class TemporaryFileTests : IDisposable
{
    private const string OtherMachine = "otherbox_12345678";

    // Beyond the highest number that any system gives a process.
    private const int NoProcess = int.MaxValue;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0, false)]
    [InlineData(23, false)]
    [InlineData(25, true)]
    public void A_file_of_another_machine_is_removed_after_a_day(int hours, bool removed)
    {
        string path = Write(TemporaryFile.NameOf(OtherMachine, Environment.ProcessId, DateTime.UtcNow), TimeSpan.FromHours(hours));
        AssertCleaned(path, removed);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(25, true)]
    public void A_file_of_an_earlier_version_which_names_no_machine_is_removed_after_a_day(int hours, bool removed)
    {
        string withoutProcess = Write(".resizelora-0123456789abcdef0123456789abcdef.tmp", TimeSpan.FromHours(hours));
        AssertCleaned(withoutProcess, removed);
        File.Delete(withoutProcess);
        AssertCleaned(Write(".resizelora-4711-0123456789abcdef0123456789abcdef.tmp", TimeSpan.FromHours(hours)), removed);
    }

    [Fact]
    public void A_file_of_this_machine_whose_process_is_gone_is_removed_at_once() =>
        AssertCleaned(Write(OwnName(NoProcess, DateTime.UtcNow), TimeSpan.Zero), removed: true);

    [Fact]
    public void A_file_of_this_machine_whose_process_runs_stays_whatever_time_a_server_gave_it() =>
        AssertCleaned(Write(OwnName(Environment.ProcessId, DateTime.UtcNow), TimeSpan.FromDays(2)), removed: false);

    [Fact]
    public void A_file_of_a_process_whose_number_another_one_has_now_is_removed() =>
        AssertCleaned(Write(OwnName(Environment.ProcessId, DateTime.UtcNow.AddDays(-1)), TimeSpan.Zero), removed: true);

    [Fact]
    public void Nothing_else_is_removed()
    {
        string[] others = ["notes.tmp", ".resizelora.tmp", "resizelora-1.tmp", "lora.safetensors"];
        Assert.All(others, name => Write(name, TimeSpan.FromDays(9)));
        Assert.Equal(0, TemporaryFile.RemoveLeftovers(folder.Path));
        Assert.Equal(others.Length, Directory.GetFiles(folder.Path).Length);
        Assert.Equal(0, TemporaryFile.RemoveLeftovers(folder.PathOf("absent")));
    }

    [Fact]
    public void A_name_says_machine_and_process_and_has_the_length_of_a_name()
    {
        using var file = TemporaryFile.Create(folder.Path, bufferSize: 0);
        string name = Path.GetFileName(file.Stream.Name);
        string start = FormattableString.Invariant($".resizelora-{TemporaryFile.Machine}-{Environment.ProcessId}-");
        Assert.StartsWith(start, name, StringComparison.Ordinal);
        Assert.DoesNotContain('-', TemporaryFile.Machine);
        Assert.InRange(name.Length, 1, 120);
    }

    private static string OwnName(int processId, DateTime time) => TemporaryFile.NameOf(TemporaryFile.Machine, processId, time);

    private string Write(string name, TimeSpan age)
    {
        string path = folder.PathOf(name);
        File.WriteAllText(path, "half");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);
        return path;
    }

    private void AssertCleaned(string path, bool removed)
    {
        Assert.Equal(removed ? 1 : 0, TemporaryFile.RemoveLeftovers(folder.Path));
        Assert.Equal(!removed, File.Exists(path));
    }
}
