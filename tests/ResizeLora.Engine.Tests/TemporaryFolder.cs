namespace ResizeLora.Tests;

/// <summary>A folder of its own for one test, removed with everything in it at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("resizelora-test-").FullName;

    /// <summary>A path in it, as the system spells it.</summary>
    /// <param name="name">The path from the folder, with / between its parts.</param>
    public string PathOf(string name) => System.IO.Path.GetFullPath(name, Path);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
