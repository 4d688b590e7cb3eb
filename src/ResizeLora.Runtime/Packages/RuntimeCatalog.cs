using System.Text.Json;
using ResizeLora.Compute;

namespace ResizeLora.Runtime.Packages;

/// <summary>The packages of each runtime with their hashes: a file of the module that <c>build.ps1 -Task RuntimeHash</c> writes.</summary>
internal sealed class RuntimeCatalog
{
    /// <summary>The file's name.</summary>
    public const string FileName = "ResizeLora.Runtime.json";

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    private readonly IReadOnlyList<Entry> entries;

    private RuntimeCatalog(IReadOnlyList<Entry> entries)
    {
        this.entries = entries;
    }

    /// <summary>The module's own catalogue.</summary>
    public static RuntimeCatalog OfModule()
    {
        string home = Path.GetDirectoryName(typeof(RuntimeCatalog).Assembly.Location)!;
        return Parse(File.ReadAllBytes(Path.Combine(home, "..", FileName)));
    }

    /// <summary>Reads a catalogue.</summary>
    /// <param name="json">Its text.</param>
    public static RuntimeCatalog Parse(ReadOnlySpan<byte> json) => new(JsonSerializer.Deserialize<Entry[]>(json, Format)!);

    /// <summary>The packages of a runtime, all with hashes.</summary>
    /// <param name="torch">The kind.</param>
    /// <param name="platform">The platform, such as <c>linux-x64</c>.</param>
    /// <exception cref="TorchRuntimeException">There are none for this platform, or the build did not know their hashes.</exception>
    public IReadOnlyList<RuntimePackage> Find(TorchKind torch, string platform)
    {
        Entry? entry = entries.FirstOrDefault(entry => entry.Torch == torch.ToString() && entry.Platform == platform);
        if (entry is null)
        {
            IEnumerable<string> known = entries.Where(entry => entry.Torch == torch.ToString()).Select(static entry => entry.Platform);
            throw new TorchRuntimeException(
                "PlatformUnknown",
                $"There is no libtorch of the kind {torch} for {platform}, only for {string.Join(", ", known)}."
            );
        }

        if (entry.Packages.FirstOrDefault(static package => package.Sha512 is null) is { } unknown)
        {
            throw new TorchRuntimeException(
                "HashUnknown",
                $"This build of the module has no hash of {unknown}, without which no source can be trusted; nothing was fetched."
            );
        }

        return entry.Packages;
    }

    private sealed record Entry(string Torch, string Platform, IReadOnlyList<RuntimePackage> Packages);
}
