using System.IO.Compression;
using System.Reflection;
using System.Text.RegularExpressions;
using ResizeLora.Compute;

namespace ResizeLora.Runtime.Installation;

/// <summary>
/// What of a runtime's packages is kept: the libraries, each with its pieces in their order, and the licences. TorchSharp's packages divide
/// what is too large for one: <c>runtimes/linux-x64/native/libtorch_cuda.so</c> is the first piece,
/// <c>fragments/linux-x64/native/libtorch_cuda.so.fragment1</c> of another package the second, and
/// <c>runtimes/linux-x64/native/libtorch_cuda.so.sha</c> the SHA-256 of the whole.
/// </summary>
internal sealed partial class PackagePieces
{
    private const string ChecksumSuffix = ".sha";

    // Shared with the build, which stages the same libraries.
    private static readonly Regex Unused = new(
        typeof(PackagePieces)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(static attribute => attribute.Key == "UnusedTorchLibraries")
            .Value!
    );

    private readonly Dictionary<string, ZipArchiveEntry> first = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<int, ZipArchiveEntry>> further = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ZipArchiveEntry> checksums = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ZipArchiveEntry> licences = new(StringComparer.Ordinal);

    /// <summary>Looks through packages.</summary>
    /// <param name="packages">The packages, which stay open.</param>
    /// <param name="platform">The platform, such as <c>linux-x64</c>.</param>
    public PackagePieces(IEnumerable<ZipArchive> packages, string platform)
    {
        foreach (ZipArchiveEntry entry in packages.SelectMany(static package => package.Entries))
        {
            Add(entry, platform);
        }
    }

    /// <summary>The licences, by file name.</summary>
    public IReadOnlyDictionary<string, ZipArchiveEntry> Licences => licences;

    /// <summary>The bytes of all libraries.</summary>
    public long Length => first.Values.Concat(further.Values.SelectMany(static pieces => pieces.Values)).Sum(static entry => entry.Length);

    /// <summary>The libraries.</summary>
    /// <exception cref="TorchRuntimeException">A piece is missing.</exception>
    public IEnumerable<DividedFile> Libraries()
    {
        if (further.Keys.FirstOrDefault(name => !first.ContainsKey(name)) is { } orphan)
        {
            throw Damaged($"the first piece of {orphan} is missing");
        }

        foreach ((string name, ZipArchiveEntry start) in first)
        {
            SortedDictionary<int, ZipArchiveEntry> pieces = further.GetValueOrDefault(name) ?? [];
            if (pieces.Keys.Select(static (number, index) => number != index + 1).Contains(true))
            {
                throw Damaged($"a piece of {name} is missing");
            }

            string? checksum = checksums.TryGetValue(name, out ZipArchiveEntry? entry) ? ReadText(entry) : null;
            if (pieces.Count > 0 && checksum is null)
            {
                throw Damaged($"the checksum of {name} is missing");
            }

            yield return new DividedFile(name, [start, .. pieces.Values], checksum);
        }
    }

    /// <summary>The error of packages that do not fit together.</summary>
    /// <param name="reason">What is wrong: a clause.</param>
    public static TorchRuntimeException Damaged(string reason) =>
        new("PackageDamaged", $"The packages of libtorch do not fit together: {reason}. Nothing was installed.");

    [GeneratedRegex(@"^(?<folder>runtimes|fragments)/(?<platform>[^/]+)/native/(?<name>[^/]+?)(\.fragment(?<number>[1-9][0-9]*))?$")]
    private static partial Regex NativePath();

    [GeneratedRegex(@"^(LICEN[CS]E|THIRD-PARTY)[^/]*$", RegexOptions.IgnoreCase)]
    private static partial Regex LicencePath();

    private static string ReadText(ZipArchiveEntry entry)
    {
        using var reader = new StreamReader(entry.Open());
        return reader.ReadToEnd().Trim();
    }

    private void Add(ZipArchiveEntry entry, string platform)
    {
        if (LicencePath().IsMatch(entry.FullName))
        {
            licences.TryAdd(entry.FullName, entry);
            return;
        }

        Match match = NativePath().Match(entry.FullName);
        string name = match.Groups["name"].Value;
        if (match.Groups["platform"].Value != platform || Unused.IsMatch(Path.GetFileNameWithoutExtension(name)))
        {
            return;
        }

        if (match.Groups["folder"].Value == "fragments")
        {
            if (match.Groups["number"].Success)
            {
                SortedDictionary<int, ZipArchiveEntry> pieces = further.TryGetValue(name, out var known) ? known : further[name] = [];
                pieces[int.Parse(match.Groups["number"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)] = entry;
            }
        }
        else if (name.EndsWith(ChecksumSuffix, StringComparison.Ordinal))
        {
            checksums[name[..^ChecksumSuffix.Length]] = entry;
        }
        else
        {
            first[name] = entry;
        }
    }
}

/// <summary>A library and the pieces that it came in.</summary>
/// <param name="Name">Its file name.</param>
/// <param name="Pieces">The pieces in their order; one for most libraries.</param>
/// <param name="Checksum">The SHA-256 of the whole in hexadecimal, or null where the packages name none.</param>
internal sealed record DividedFile(string Name, IReadOnlyList<ZipArchiveEntry> Pieces, string? Checksum);
