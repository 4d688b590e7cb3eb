using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>One file of a base model.</summary>
/// <param name="source">The open file, owned by this object.</param>
/// <param name="stamp">What the file system said of it before anything was read.</param>
internal sealed class BaseFile(ITensorFile source, FileStamp stamp) : IDisposable
{
    private const string GgufExtension = ".gguf";

    private CheckpointIdentity? identity;

    /// <summary>The tensors.</summary>
    public ITensorFile Source { get; } = source;

    /// <summary>What the file system said of it when it was opened.</summary>
    public FileStamp Stamp { get; } = stamp;

    /// <summary>The full path.</summary>
    public string Path => Source.Path;

    /// <summary>What tells it from other files, at the price of some samples; read on the first request.</summary>
    public CheckpointIdentity Identity => identity ??= CheckpointIdentity.Of(Source, Stamp);

    /// <summary>Opens a file of any format that base models come in.</summary>
    /// <param name="path">The file.</param>
    public static BaseFile Open(string path)
    {
        UnsupportedFileException.ThrowIfPickle(path);
        if (path.EndsWith(GgufExtension, StringComparison.OrdinalIgnoreCase))
        {
            GgufFile gguf = GgufFile.Open(path);
            return new BaseFile(gguf, gguf.Stamp);
        }

        SafetensorsFile file = SafetensorsFile.Open(path);
        return new BaseFile(file, file.Stamp);
    }

    /// <inheritdoc/>
    public void Dispose() => Source.Dispose();
}
