namespace ResizeLora.Runtime.Packages;

/// <summary>A NuGet package that a runtime consists of.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Version">Its version.</param>
/// <param name="Length">Its length in bytes, as it is fetched.</param>
/// <param name="InstalledLength">The bytes that what is kept of it takes.</param>
/// <param name="Sha512">The SHA-512 of the package in Base64, as NuGet writes it; null where the build did not know it.</param>
internal sealed record RuntimePackage(string Id, string Version, long Length, long InstalledLength, string? Sha512)
{
    /// <summary>The name of its file.</summary>
    public string FileName => $"{Id}.{Version}.nupkg".ToLowerInvariant();

    /// <inheritdoc/>
    public override string ToString() => $"{Id} {Version}";
}
