using System.Net;
using System.Net.Http.Headers;
using NuGet.Common;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;
using NuGet.Versioning;
using ResizeLora.Compute;

namespace ResizeLora.Runtime.Packages;

/// <summary>Copies packages from NuGet sources: folders and feeds, with the credentials and the proxy of the configuration.</summary>
internal sealed class PackageFeed : IDisposable
{
    private readonly Lazy<SourceSelection> selection;
    private readonly SourceCacheContext cache = new() { NoCache = true, DirectDownload = true };

    /// <summary>Uses a source.</summary>
    /// <param name="source">A folder, an address or a configured source's name; null for all that NuGet's configuration names.</param>
    public PackageFeed(string? source)
    {
        selection = new Lazy<SourceSelection>(() => SourceSelection.Load(source));
    }

    /// <summary>Finds the source that has a package.</summary>
    /// <param name="package">The package.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="TorchRuntimeException">No source has it, or none can be reached.</exception>
    public async Task<SourceRepository> FindAsync(RuntimePackage package, CancellationToken cancellationToken)
    {
        IReadOnlyList<SourceRepository> sources = selection.Value.For(package.Id);
        Exception? failure = null;
        foreach (SourceRepository one in sources)
        {
            try
            {
                FindPackageByIdResource finder = await one.GetResourceAsync<FindPackageByIdResource>(cancellationToken)
                    .ConfigureAwait(false);
                if (
                    await finder
                        .DoesPackageExistAsync(package.Id, VersionOf(package), cache, NullLogger.Instance, cancellationToken)
                        .ConfigureAwait(false)
                )
                {
                    return one;
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Another source may have it, whatever is wrong with this one.
                failure ??= exception;
            }
        }

        string names =
            sources.Count == 0 ? "any source: NuGet's configuration names none for it" : string.Join(", ", sources.Select(NameOf));
        throw failure is null
            ? new TorchRuntimeException("PackageMissing", $"{package} is not in {names}.")
            : new TorchRuntimeException(
                "SourceUnreachable",
                $"{package} was not found in {names}: {ReasonOf(failure)}.",
                innerException: failure
            );
    }

    /// <summary>Appends a package to a stream, from where the stream ends if the source can, else from the beginning.</summary>
    /// <param name="repository">The source, as <see cref="FindAsync"/> gave it.</param>
    /// <param name="package">The package.</param>
    /// <param name="destination">What came of it before; its position is at its end.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    public async Task CopyAsync(
        SourceRepository repository,
        RuntimePackage package,
        Stream destination,
        CancellationToken cancellationToken
    )
    {
        if (await AddressOf(repository, package, cancellationToken).ConfigureAwait(false) is { } address)
        {
            await CopyOverHttpAsync(repository, address, destination, cancellationToken).ConfigureAwait(false);
            return;
        }

        // Folders, and feeds of the older protocol, which know no ranges.
        destination.SetLength(0);
        FindPackageByIdResource finder = await repository
            .GetResourceAsync<FindPackageByIdResource>(cancellationToken)
            .ConfigureAwait(false);
        await finder
            .CopyNupkgToStreamAsync(package.Id, VersionOf(package), destination, cache, NullLogger.Instance, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>A source as the user knows it: its name where it has one.</summary>
    public static string NameOf(SourceRepository repository) =>
        repository.PackageSource.Name == repository.PackageSource.Source
            ? $"'{repository.PackageSource.Source}'"
            : $"'{repository.PackageSource.Name}' ({repository.PackageSource.Source})";

    /// <summary>The innermost reason of a failure, which NuGet wraps in sentences of its own.</summary>
    public static string ReasonOf(Exception exception) => exception.GetBaseException().Message.TrimEnd('.');

    /// <inheritdoc/>
    public void Dispose() => cache.Dispose();

    private static NuGetVersion VersionOf(RuntimePackage package) => NuGetVersion.Parse(package.Version);

    // The address of a package's file in a feed of version 3, as NuGet's documentation of PackageBaseAddress defines it.
    private static async Task<Uri?> AddressOf(SourceRepository repository, RuntimePackage package, CancellationToken cancellationToken)
    {
        ServiceIndexResourceV3? index = repository.PackageSource.IsHttp
            ? await repository.GetResourceAsync<ServiceIndexResourceV3>(cancellationToken).ConfigureAwait(false)
            : null;
        Uri? folder = index?.GetServiceEntryUri(ServiceTypes.PackageBaseAddress);
        if (folder is null)
        {
            return null;
        }

        string id = package.Id.ToLowerInvariant();
        string version = VersionOf(package).ToNormalizedString().ToLowerInvariant();
        return new Uri($"{folder.AbsoluteUri.TrimEnd('/')}/{id}/{version}/{id}.{version}.nupkg");
    }

    private static async Task CopyOverHttpAsync(
        SourceRepository repository,
        Uri address,
        Stream destination,
        CancellationToken cancellationToken
    )
    {
        HttpSource http = (await repository.GetResourceAsync<HttpSourceResource>(cancellationToken).ConfigureAwait(false)).HttpSource;
        HttpRequestMessage Request()
        {
            HttpRequestMessage request = HttpRequestMessageFactory.Create(HttpMethod.Get, address, NullLogger.Instance);
            if (destination.Length > 0)
            {
                request.Headers.Range = new RangeHeaderValue(destination.Length, null);
            }

            return request;
        }

        await http.ProcessResponseAsync(
                new HttpSourceRequest(Request),
                async response =>
                {
                    bool continues =
                        response.StatusCode == HttpStatusCode.PartialContent
                        && response.Content.Headers.ContentRange?.From == destination.Length;
                    if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                    {
                        destination.SetLength(continues ? destination.Length : 0);
                    }

                    if (response.StatusCode == HttpStatusCode.PartialContent && !continues)
                    {
                        throw new IOException($"'{address.Host}' sent another part of the package than was asked for.");
                    }

                    response.EnsureSuccessStatusCode();
                    using Stream content = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                    await content.CopyToAsync(destination, cancellationToken).ConfigureAwait(false);
                    return true;
                },
                NullLogger.Instance,
                cancellationToken
            )
            .ConfigureAwait(false);
    }
}
