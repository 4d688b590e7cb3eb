using ResizeLora.Compute;

namespace ResizeLora.Runtime;

/// <summary>What installing a runtime takes.</summary>
/// <param name="Torch">The kind.</param>
/// <param name="Path">Where it goes.</param>
/// <param name="FetchedLength">The bytes that are fetched.</param>
/// <param name="InstalledLength">The bytes that it takes on disk.</param>
public sealed record RuntimePlan(TorchKind Torch, string Path, long FetchedLength, long InstalledLength)
{
    /// <summary>What is done, in words.</summary>
    public override string ToString() =>
        $"Install libtorch {RuntimeFolders.Version} ({Torch}, {RuntimeFolders.Platform}): fetch {ByteText.Of(FetchedLength)}, "
        + $"{ByteText.Of(InstalledLength)} on disk";
}
