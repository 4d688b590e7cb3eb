using ResizeLora.Compute;
using ResizeLora.Runtime.Installation;
using ResizeLora.Runtime.Packages;

namespace ResizeLora.Runtime;

/// <summary>
/// Installs libtorch for a user: packages are fetched and checked, unpacked into a new folder beside the final one, and the folder takes
/// its name in one step. What was fetched stays until then.
/// </summary>
public sealed class RuntimeInstaller
{
    private readonly TorchKind torch;
    private readonly string? source;
    private readonly IReadOnlyList<RuntimePackage> packages;

    /// <summary>Prepares an installation; nothing is read but the module's own list of packages.</summary>
    /// <param name="torch">The kind.</param>
    /// <param name="source">A folder, an address or a configured source's name; null for all that NuGet's configuration names.</param>
    /// <exception cref="TorchRuntimeException">There is no such runtime for this machine.</exception>
    public RuntimeInstaller(TorchKind torch, string? source)
    {
        this.torch = torch;
        this.source = source;
        packages = RuntimeCatalog.OfModule().Find(torch, RuntimeFolders.Platform);
    }

    private string Target => RuntimeFolders.ForUser(RuntimeFolders.Version, torch);

    /// <summary>The runtime, if it is installed and whole.</summary>
    public TorchRuntime? FindInstalled() => InstallationRecord.Read(Target);

    /// <summary>What installing would take.</summary>
    public RuntimePlan Plan() =>
        new(
            torch,
            Target,
            packages.Sum(static package => package.Length - PackageFetcher.LengthHere(RuntimeStore.PackageFolder, package)),
            packages.Sum(static package => package.InstalledLength)
        );

    /// <summary>Installs the runtime, over a damaged one too.</summary>
    /// <param name="progress">Told bytes fetched and unpacked.</param>
    /// <param name="cancellationToken">Ends the work; what was fetched stays.</param>
    /// <exception cref="TorchRuntimeException">A package cannot be had or is another, or the folder cannot be written to.</exception>
    public TorchRuntime Install(IProgress<EngineEvent> progress, CancellationToken cancellationToken)
    {
        try
        {
            using IDisposable turn = RuntimeStore.Enter();
            RuntimePlan plan = Plan();
            RuntimeStore.RequireSpace(plan.FetchedLength + plan.InstalledLength);
            IReadOnlyList<string> files = Fetch(plan.FetchedLength, progress, cancellationToken);
            string unfinished = RuntimeStore.NewFolder();
            try
            {
                PackageUnpacker.Unpack(
                    files,
                    RuntimeFolders.Platform,
                    unfinished,
                    (done, total) => progress.Report(new EngineProgress("Unpacking", done, total)),
                    cancellationToken
                );
                InstallationRecord.Write(unfinished, torch);
                RuntimeStore.Replace(unfinished, Target);
            }
            catch
            {
                RuntimeStore.TryDelete(unfinished);
                throw;
            }

            RuntimeStore.TryDelete(RuntimeStore.PackageFolder);
            return FindInstalled()
                ?? throw new TorchRuntimeException("Unwritable", $"'{Target}' was written and cannot be read again.", Target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TorchRuntimeException(
                "Unwritable",
                $"libtorch cannot be written to '{RuntimeFolders.UserRoot}': {exception.Message}",
                RuntimeFolders.UserRoot,
                exception
            );
        }
    }

    private List<string> Fetch(long total, IProgress<EngineEvent> progress, CancellationToken cancellationToken)
    {
        using var feed = new PackageFeed(source);
        string folder = Directory.CreateDirectory(RuntimeStore.PackageFolder).FullName;
        var fetcher = new PackageFetcher(folder, feed);
        var files = new List<string>();
        long before = 0;
        foreach (RuntimePackage package in packages)
        {
            long here = PackageFetcher.LengthHere(folder, package);
            void Report(long length) =>
                progress.Report(new EngineProgress($"Fetching {package}", Math.Max(0, before + length - here), total));

            files.Add(fetcher.FetchAsync(package, Report, cancellationToken).GetAwaiter().GetResult());
            before += package.Length - here;
        }

        return files;
    }
}
