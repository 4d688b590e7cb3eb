using System.Security.Cryptography;
using NuGet.Protocol.Core.Types;
using ResizeLora.Compute;

namespace ResizeLora.Runtime.Packages;

/// <summary>
/// Fetches packages into a folder where they stay until the runtime is installed: what came whole is not fetched again, and what was cut
/// off is continued.
/// </summary>
internal sealed class PackageFetcher
{
    private const string PartSuffix = ".part";
    private const int BufferSize = 1 << 20;

    // Attempts that bring nothing new; as long as bytes come, it goes on.
    private const int FruitlessAttempts = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    private readonly string folder;
    private readonly PackageFeed feed;

    /// <summary>Uses a folder and a feed.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <param name="feed">The feed.</param>
    public PackageFetcher(string folder, PackageFeed feed)
    {
        this.folder = folder;
        this.feed = feed;
    }

    /// <summary>The bytes of a package that are here already.</summary>
    /// <param name="folder">The folder of unfinished packages; it need not exist.</param>
    /// <param name="package">The package.</param>
    public static long LengthHere(string folder, RuntimePackage package)
    {
        string path = Path.Combine(folder, package.FileName);
        var file = new FileInfo(File.Exists(path) ? path : path + PartSuffix);
        return file.Exists ? Math.Min(file.Length, package.Length) : 0;
    }

    /// <summary>Makes sure that a package is here, whole and with the right hash.</summary>
    /// <param name="package">The package.</param>
    /// <param name="fetched">Told how many of its bytes are here.</param>
    /// <param name="cancellationToken">Ends the work; what came stays.</param>
    /// <returns>The package's file.</returns>
    /// <exception cref="TorchRuntimeException">It cannot be had, broke off, or has another hash.</exception>
    public async Task<string> FetchAsync(RuntimePackage package, Action<long> fetched, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, package.FileName);
        string part = path + PartSuffix;
        if (File.Exists(path))
        {
            File.Move(path, part, overwrite: true);
        }

        bool continued = LengthHere(folder, package) > 0;
        await CompleteAsync(package, part, fetched, cancellationToken).ConfigureAwait(false);
        if (continued && !await HasHashAsync(package, part, cancellationToken).ConfigureAwait(false))
        {
            // What was here before may be of another package; from the beginning it has a second chance.
            File.Delete(part);
            await CompleteAsync(package, part, fetched, cancellationToken).ConfigureAwait(false);
        }

        if (!await HasHashAsync(package, part, cancellationToken).ConfigureAwait(false))
        {
            File.Delete(part);
            throw OtherPackage(package, "its SHA-512 is another");
        }

        File.Move(part, path);
        return path;
    }

    // A source that never ends must not fill the disk.
    private static void RefuseLonger(RuntimePackage package, long length)
    {
        if (length > package.Length)
        {
            throw OtherPackage(package, "it is longer");
        }
    }

    private static TorchRuntimeException OtherPackage(RuntimePackage package, string reason) =>
        new("HashMismatch", $"{package} is not the package that the module was built for: {reason}. Nothing was installed.");

    private static async Task<bool> HasHashAsync(RuntimePackage package, string path, CancellationToken cancellationToken)
    {
        using FileStream stream = Open(path, FileMode.Open, FileAccess.Read);
        byte[] hash = await SHA512.HashDataAsync(stream, cancellationToken).ConfigureAwait(false);
        return Convert.ToBase64String(hash) == package.Sha512;
    }

    private static FileStream Open(string path, FileMode mode, FileAccess access) => new(path, mode, access, FileShare.Read, BufferSize);

    private async Task CompleteAsync(RuntimePackage package, string part, Action<long> fetched, CancellationToken cancellationToken)
    {
        using FileStream file = Open(part, FileMode.OpenOrCreate, FileAccess.Write);
        file.Position = file.Length;
        fetched(file.Length);
        if (file.Length == package.Length)
        {
            return;
        }

        SourceRepository repository = await feed.FindAsync(package, cancellationToken).ConfigureAwait(false);
        var counting = new CountingStream(file, length =>
        {
            RefuseLonger(package, length);
            fetched(length);
        });
        Exception? failure = null;
        int fruitless = 0;
        while (fruitless < FruitlessAttempts)
        {
            long before = file.Length;
            try
            {
                await feed.CopyAsync(repository, package, counting, cancellationToken).ConfigureAwait(false);
                if (file.Length >= package.Length)
                {
                    return;
                }
            }
            catch (Exception exception)
                when (exception is HttpRequestException or IOException or TimeoutException or FatalProtocolException)
            {
                // NuGet wraps what is thrown while it writes.
                RefuseLonger(package, file.Length);
                failure = exception;
            }

            fruitless = file.Length > before ? 0 : fruitless + 1;
            await Task.Delay(fruitless * Pause, cancellationToken).ConfigureAwait(false);
        }

        string reason = failure is null ? "it is shorter than it should be" : PackageFeed.ReasonOf(failure);
        throw new TorchRuntimeException(
            "Interrupted",
            $"{package} broke off after {ByteText.Of(file.Length)} of {ByteText.Of(package.Length)}, which are kept "
                + $"({PackageFeed.NameOf(repository)}: {reason}).",
            innerException: failure
        );
    }
}
