using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>
/// Norms kept between runs in the user's cache folder: one small JSON file for each checkpoint seen. A norm is found again by
/// the content of its weight, so that copies and renamed files hit and changed ones miss. Every file is replaced as a whole
/// in one step, so that processes that work side by side never see half of one; a file that cannot be read, or was written
/// by another version, counts as absent.
/// </summary>
public sealed class NormCache
{
    /// <summary>The environment variable that moves the cache elsewhere.</summary>
    public const string FolderVariable = "RESIZELORA_CACHE";

    // Names the method and the format: a cached norm serves only the version that computes it the same way. Before the third, the
    // norms of weights below 1e-10 were wrong, and what an iteration that gave up had found was kept.
    internal const string Method = "lanczos-3";

    // A checkpoint has one file for each place and time that it was seen at; the oldest go when there are more than this.
    private const int FilesKept = 8;

    private const int BufferSize = 64 << 10;

    // On Windows a file cannot be replaced in the moment in which another process reads or replaces it.
    private const int ReplaceAttempts = 20;
    private static readonly TimeSpan ReplacePause = TimeSpan.FromMilliseconds(15);

    // Earlier versions named their unfinished files after nobody; what is older than this is no work in progress.
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    private readonly string folder;
    private bool warned;

    /// <summary>Uses a folder; it need not exist.</summary>
    /// <param name="folder">The folder.</param>
    public NormCache(string folder)
    {
        this.folder = folder;
    }

    /// <summary>The cache in the place where the system keeps such things for this user.</summary>
    public static NormCache ForUser()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } chosen)
        {
            return new NormCache(Path.GetFullPath(chosen));
        }

        string profile = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string root =
            OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : OperatingSystem.IsMacOS() ? Path.Combine(profile, "Library", "Caches")
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cacheHome ? cacheHome
            : Path.Combine(profile, ".cache");
        return new NormCache(Path.Combine(root.Length > 0 ? root : Path.GetTempPath(), "ResizeLora", "norms"));
    }

    /// <summary>The folder.</summary>
    public string Folder => folder;

    /// <summary>Loads what is known of a checkpoint.</summary>
    /// <param name="identity">The checkpoint.</param>
    /// <param name="progress">Told of files that could not be used.</param>
    internal KnownNorms Load(CheckpointIdentity identity, IProgress<EngineEvent>? progress)
    {
        var layers = new Dictionary<string, CachedNorm>(StringComparer.Ordinal);
        var byContent = new Dictionary<string, BaseNorms>(StringComparer.Ordinal);
        if (!Directory.Exists(folder))
        {
            return new KnownNorms(layers, byContent);
        }

        RemoveLeftovers();
        foreach (string path in EnumerateFiles(identity))
        {
            foreach ((string layer, CachedNorm norm) in ReadFile(path, progress))
            {
                byContent[norm.Content] = new BaseNorms(norm.Spectral, norm.Frobenius);
                if (identity.IsCertain && Path.GetFileName(path) == FileNameOf(identity))
                {
                    layers[layer] = norm;
                }
            }
        }

        return new KnownNorms(layers, byContent);
    }

    /// <summary>Adds norms to what is known of a checkpoint.</summary>
    /// <param name="identity">The checkpoint.</param>
    /// <param name="norms">The norms by layer.</param>
    /// <param name="progress">Warned once when the folder cannot be written to.</param>
    internal void Save(CheckpointIdentity identity, IReadOnlyDictionary<string, CachedNorm> norms, IProgress<EngineEvent>? progress)
    {
        string path = Path.Combine(folder, FileNameOf(identity));
        try
        {
            Directory.CreateDirectory(folder);

            // What another process stored meanwhile is kept; should it store once more between these lines, its norms are
            // computed again another time.
            Dictionary<string, CachedNorm> all = ReadFile(path, progress: null);
            foreach ((string layer, CachedNorm norm) in norms)
            {
                all[layer] = norm;
            }

            using (var file = TemporaryFile.Create(folder, BufferSize))
            {
                JsonSerializer.Serialize(file.Stream, new CacheFile(Method, ChecksumOf(all), all));
                Replace(file, path);
            }

            RemoveOld(identity);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            if (!warned)
            {
                warned = true;
                progress?.Report(
                    new EngineNote(
                        EngineNoteLevel.Warning,
                        $"The norms of the base model could not be kept in '{folder}' and will be computed again next time: "
                            + $"{exception.Message}"
                    )
                );
            }
        }
    }

    private static void Replace(TemporaryFile file, string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                file.Commit(path, overwrite: true);
                return;
            }
            catch (Exception exception)
                when (OperatingSystem.IsWindows() && attempt < ReplaceAttempts && exception is (IOException or UnauthorizedAccessException))
            {
                Thread.Sleep(ReplacePause);
            }
        }
    }

    private static string FileNameOf(CheckpointIdentity identity) =>
        string.Create(CultureInfo.InvariantCulture, $"{identity.Structure}-{identity.Sample}.json");

    // Tells a file that was edited, or damaged in a way that still parses.
    private static string ChecksumOf(Dictionary<string, CachedNorm> layers)
    {
        var hash = new XxHash128();
        foreach ((string layer, CachedNorm norm) in layers.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            hash.Append(
                Encoding.UTF8.GetBytes(
                    string.Create(CultureInfo.InvariantCulture, $"{layer}|{norm.Content}|{norm.Spectral:R}|{norm.Frobenius:R}\n")
                )
            );
        }

        return Convert.ToHexString(hash.GetCurrentHash());
    }

    private static Dictionary<string, CachedNorm> ReadFile(string path, IProgress<EngineEvent>? progress)
    {
        try
        {
            if (File.Exists(path))
            {
                CacheFile? file = JsonSerializer.Deserialize<CacheFile>(File.ReadAllBytes(path));
                if (
                    file is { Method: Method, Layers: not null }
                    && file.Layers.Values.All(static norm => norm is { Content: not null })
                    && file.Checksum == ChecksumOf(file.Layers)
                )
                {
                    return new Dictionary<string, CachedNorm>(file.Layers, StringComparer.Ordinal);
                }

                progress?.Report(
                    new EngineNote(
                        EngineNoteLevel.Verbose,
                        $"The kept norms in '{path}' are of another version or damaged; they are ignored and computed again."
                    )
                );
            }
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or JsonException or NotSupportedException or ArgumentException)
        {
            progress?.Report(
                new EngineNote(
                    EngineNoteLevel.Verbose,
                    $"The kept norms in '{path}' cannot be read; they are ignored and computed again: {exception.Message}"
                )
            );
        }

        return new Dictionary<string, CachedNorm>(StringComparer.Ordinal);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A leftover of a few kilobytes does no harm.
        }
    }

    private void RemoveOld(CheckpointIdentity identity)
    {
        foreach (string path in EnumerateFiles(identity).OrderByDescending(File.GetLastWriteTimeUtc).Skip(FilesKept))
        {
            TryDelete(path);
        }
    }

    private void RemoveLeftovers()
    {
        TemporaryFile.RemoveLeftovers(folder);
        DateTime limit = DateTime.UtcNow - LeftoverAge;
        foreach (string path in EnumerateFiles("*.tmp").Where(path => File.GetLastWriteTimeUtc(path) < limit))
        {
            TryDelete(path);
        }
    }

    private string[] EnumerateFiles(CheckpointIdentity identity) => EnumerateFiles($"{identity.Structure}-*.json");

    private string[] EnumerateFiles(string pattern)
    {
        try
        {
            return Directory.GetFiles(folder, pattern);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>A weight's norms, with the hash of its content.</summary>
    internal sealed record CachedNorm(
        [property: JsonPropertyName("content")] string Content,
        [property: JsonPropertyName("spectral")] double Spectral,
        [property: JsonPropertyName("frobenius")] double Frobenius
    );

    /// <summary>What is known of a checkpoint: its layers' norms, and the norms of any weight of a checkpoint of its structure.</summary>
    internal sealed record KnownNorms(IReadOnlyDictionary<string, CachedNorm> Layers, IReadOnlyDictionary<string, BaseNorms> ByContent)
    {
        /// <summary>Nothing is known.</summary>
        public static KnownNorms None { get; } = new(new Dictionary<string, CachedNorm>(), new Dictionary<string, BaseNorms>());
    }

    private sealed record CacheFile(
        [property: JsonPropertyName("method")] string Method,
        [property: JsonPropertyName("checksum")] string Checksum,
        [property: JsonPropertyName("layers")] Dictionary<string, CachedNorm> Layers
    );
}
