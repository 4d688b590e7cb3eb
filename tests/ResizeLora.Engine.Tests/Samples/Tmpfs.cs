using System.Diagnostics;

namespace ResizeLora.Tests;

/// <summary>A small file system of its own in memory, unmounted at the end; only root may have one.</summary>
internal sealed class Tmpfs : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public Tmpfs(long length)
    {
        if (!Run("mount", "-t", "tmpfs", "-o", FormattableString.Invariant($"size={length}"), "tmpfs", folder.Path))
        {
            folder.Dispose();
            throw new InvalidOperationException("A tmpfs cannot be mounted.");
        }
    }

    public string Path => folder.Path;

    /// <summary>Tells whether one can be had.</summary>
    public static bool IsAvailable()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            return false;
        }

        try
        {
            new Tmpfs(1 << 16).Dispose();
            return true;
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    public string PathOf(string name) => folder.PathOf(name);

    public void MakeReadOnly() => Assert.True(Run("mount", "-o", "remount,ro", folder.Path));

    public void Dispose()
    {
        Run("umount", "-l", folder.Path);
        folder.Dispose();
    }

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
