using NuGet.Configuration;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;

namespace ResizeLora.Runtime.Packages;

/// <summary>The NuGet sources that packages are taken from, each with the credentials that the configuration has for it.</summary>
internal sealed class SourceSelection
{
    private readonly IReadOnlyList<SourceRepository> sources;
    private readonly PackageSourceMapping? mapping;

    private SourceSelection(IEnumerable<PackageSource> sources, PackageSourceMapping? mapping)
    {
        this.sources = [.. sources.Select(static source => Repository.Factory.GetCoreV3(source))];
        this.mapping = mapping;
    }

    /// <summary>Reads the user's and the machine's configuration.</summary>
    /// <param name="source">A folder, an address or the name of a configured source; null for all that the configuration names.</param>
    public static SourceSelection Load(string? source)
    {
        ISettings settings = Settings.LoadDefaultSettings(root: null);
        IEnumerable<PackageSource> configured = new PackageSourceProvider(settings).LoadPackageSources();
        if (source is null)
        {
            var mapping = PackageSourceMapping.GetPackageSourceMapping(settings);
            return new SourceSelection(configured.Where(static one => one.IsEnabled), mapping.IsEnabled ? mapping : null);
        }

        return new SourceSelection([configured.FirstOrDefault(one => Matches(one, source)) ?? new PackageSource(source)], mapping: null);
    }

    /// <summary>The sources for a package, in the order of the configuration.</summary>
    /// <param name="packageId">The package, which the configuration may bind to some of its sources.</param>
    public IReadOnlyList<SourceRepository> For(string packageId)
    {
        if (mapping is null)
        {
            return sources;
        }

        var names = mapping.GetConfiguredPackageSources(packageId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. sources.Where(one => names.Contains(one.PackageSource.Name))];
    }

    // By its address too, so that the credentials of the configuration go along.
    private static bool Matches(PackageSource configured, string source) =>
        string.Equals(configured.Name, source, StringComparison.OrdinalIgnoreCase)
        || string.Equals(configured.Source, source, StringComparison.OrdinalIgnoreCase);
}
