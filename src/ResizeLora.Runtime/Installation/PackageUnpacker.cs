using System.IO.Compression;
using System.Security.Cryptography;
using ResizeLora.Compute;

namespace ResizeLora.Runtime.Installation;

/// <summary>Writes the libraries and licences of a runtime's packages into a folder, and puts together what came in pieces.</summary>
internal static class PackageUnpacker
{
    private const int BufferSize = 1 << 20;

    /// <summary>Unpacks packages.</summary>
    /// <param name="packages">Their files.</param>
    /// <param name="platform">The platform, such as <c>linux-x64</c>.</param>
    /// <param name="folder">An empty folder.</param>
    /// <param name="written">Told the bytes written, and all bytes.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TorchRuntimeException">Pieces are missing, or do not make the file whose checksum the packages name.</exception>
    public static void Unpack(
        IReadOnlyList<string> packages,
        string platform,
        string folder,
        Action<long, long> written,
        CancellationToken cancellationToken
    )
    {
        var archives = new List<ZipArchive>();
        try
        {
            archives.AddRange(packages.Select(ZipFile.OpenRead));
            var pieces = new PackagePieces(archives, platform);
            long done = 0;
            foreach (DividedFile library in pieces.Libraries())
            {
                string checksum = Join(library.Pieces, Path.Combine(folder, library.Name), count =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    written(done += count, pieces.Length);
                });
                if (library.Checksum is not null && !checksum.Equals(library.Checksum, StringComparison.OrdinalIgnoreCase))
                {
                    throw PackagePieces.Damaged($"the pieces of {library.Name} do not make the file that its checksum names");
                }
            }

            foreach ((string name, ZipArchiveEntry licence) in pieces.Licences)
            {
                licence.ExtractToFile(Path.Combine(folder, name));
            }
        }
        catch (InvalidDataException exception)
        {
            throw PackagePieces.Damaged(exception.Message.TrimEnd('.'));
        }
        finally
        {
            archives.ForEach(static archive => archive.Dispose());
        }
    }

    private static string Join(IReadOnlyList<ZipArchiveEntry> pieces, string path, Action<int> written)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] buffer = new byte[BufferSize];
        foreach (ZipArchiveEntry piece in pieces)
        {
            using Stream source = piece.Open();
            for (int count; (count = source.Read(buffer)) > 0; written(count))
            {
                hash.AppendData(buffer, 0, count);
                target.Write(buffer, 0, count);
            }
        }

        target.Flush(flushToDisk: true);
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
