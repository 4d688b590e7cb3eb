using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using ResizeLora.Runtime.Packages;

namespace ResizeLora.Tests.Runtime;

/// <summary>Small packages of the make of TorchSharp's: a library whole, or in pieces over several packages.</summary>
internal static class ImitationPackages
{
    public const string Platform = "linux-x64";
    public const string Licence = "LICENSE-LIBTORCH.txt";

    /// <summary>Bytes that do not compress, the same at every call.</summary>
    public static byte[] Content(int length, int seed = 1)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    /// <summary>Writes a package; gives its entry in the catalogue.</summary>
    public static RuntimePackage Write(string folder, string id, params (string Path, byte[] Content)[] files)
    {
        const string Version = "2.10.0";
        string path = Path.Combine(folder, $"{id}.{Version}.nupkg");
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            const string Rest = "<authors>a</authors><description>a</description></metadata></package>";
            string manifest = $"<package><metadata><id>{id}</id><version>{Version}</version>{Rest}";
            foreach ((string name, byte[] content) in ((string, byte[])[])[($"{id}.nuspec", Encoding.UTF8.GetBytes(manifest)), .. files])
            {
                using Stream stream = archive.CreateEntry(name).Open();
                stream.Write(content);
            }
        }

        byte[] bytes = File.ReadAllBytes(path);
        return new RuntimePackage(id, Version, bytes.Length, files.Sum(static file => file.Content.Length), Hash(bytes));
    }

    /// <summary>Writes a library in three pieces, as TorchSharp divides libtorch_cuda.so; gives the paths of the packages.</summary>
    public static string[] WriteDivided(string folder, byte[] library, string? checksum = null, string left = "none")
    {
        byte[][] pieces = [library[..700], library[700..1100], library[1100..]];
        byte[] sha = Encoding.ASCII.GetBytes(checksum ?? Convert.ToHexString(SHA256.HashData(library)).ToLowerInvariant());
        (string Id, (string, byte[])[] Files)[] packages =
        [
            (
                "cuda-part1",
                [($"runtimes/{Platform}/native/libc10.so", Content(50)), ($"runtimes/{Platform}/native/libtorch_python.so", Content(50))]
            ),
            (
                "cuda-part3-primary",
                [($"runtimes/{Platform}/native/libtorch_cuda.so", pieces[0]), ($"runtimes/{Platform}/native/libtorch_cuda.so.sha", sha)]
            ),
            ("cuda-part3-fragment1", [($"fragments/{Platform}/native/libtorch_cuda.so.fragment1", pieces[1])]),
            ("cuda-part3-fragment2", [($"fragments/{Platform}/native/libtorch_cuda.so.fragment2", pieces[2])]),
        ];
        return
        [
            .. packages
                .Where(package => package.Id != left)
                .Select(package =>
                {
                    Write(folder, package.Id, [.. package.Files, (Licence, Encoding.UTF8.GetBytes("a licence"))]);
                    return Path.Combine(folder, $"{package.Id}.2.10.0.nupkg");
                }),
        ];
    }

    private static string Hash(byte[] bytes) => Convert.ToBase64String(SHA512.HashData(bytes));
}
