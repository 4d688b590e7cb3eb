using System.Text.Json;
using ResizeLora.Compute;

namespace ResizeLora.Runtime.Installation;

/// <summary>What an installation consists of; a file beside the libraries, by which a whole one is told from a damaged one.</summary>
/// <param name="Version">The version of libtorch.</param>
/// <param name="Torch">The kind.</param>
/// <param name="Platform">The platform.</param>
/// <param name="Files">The files and their lengths.</param>
internal sealed record InstallationRecord(string Version, string Torch, string Platform, IReadOnlyDictionary<string, long> Files)
{
    private const string FileName = "installation.json";

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes the record of what lies in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="torch">The kind.</param>
    public static void Write(string folder, TorchKind torch)
    {
        Dictionary<string, long> files = new DirectoryInfo(folder)
            .GetFiles()
            .ToDictionary(static file => file.Name, static file => file.Length);
        var record = new InstallationRecord(RuntimeFolders.Version, torch.ToString(), RuntimeFolders.Platform, files);
        File.WriteAllBytes(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(record, Format));
    }

    /// <summary>The runtime in a folder, or null where there is none, or one of which something is missing.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    public static TorchRuntime? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            InstallationRecord? record = JsonSerializer.Deserialize<InstallationRecord>(File.ReadAllBytes(path), Format);
            bool whole = record?.Files?.All(file => LengthOf(Path.Combine(folder, file.Key)) == file.Value) ?? false;
            return whole && Enum.TryParse(record!.Torch, out TorchKind torch)
                ? new TorchRuntime
                {
                    Version = record.Version,
                    Torch = torch,
                    Platform = record.Platform,
                    Path = folder,
                    Length = record.Files!.Values.Sum(),
                }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true, Length: var length } ? length : -1;
}
