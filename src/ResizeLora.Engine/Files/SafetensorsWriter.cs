using System.Globalization;

namespace ResizeLora.Files;

/// <summary>
/// Writes a file whole or not at all: the data goes to a temporary file in the target's folder, is flushed to the disk,
/// read back, and takes the final name in one step. Disposing without <see cref="Commit"/> removes the temporary file.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    // Large enough that a network share or a hard disk sees few requests.
    private const int BufferSize = 1 << 20;

    private readonly SafetensorsLayout layout;
    private readonly TemporaryFile file;

    private SafetensorsWriter(string path, SafetensorsLayout layout, TemporaryFile file)
    {
        Path = path;
        this.layout = layout;
        this.file = file;
    }

    /// <summary>The final path.</summary>
    public string Path { get; }

    /// <summary>Starts a file.</summary>
    /// <param name="path">The final path; its folder must exist.</param>
    /// <param name="layout">What will be written, in which order.</param>
    /// <exception cref="OutputException">The temporary file cannot be made.</exception>
    public static SafetensorsWriter Create(string path, SafetensorsLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        path = System.IO.Path.GetFullPath(path);
        try
        {
            var file = TemporaryFile.Create(System.IO.Path.GetDirectoryName(path)!, BufferSize);
            file.Stream.Position = layout.Prefix.Length;
            return new SafetensorsWriter(path, layout, file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputException.From(path, exception);
        }
    }

    /// <summary>Appends the next bytes of the data, in the order of the layout.</summary>
    /// <param name="data">Any number of bytes; tensors may be cut anywhere.</param>
    /// <exception cref="OutputException">The disk is full, or refuses for another reason.</exception>
    public void Write(ReadOnlySpan<byte> data)
    {
        try
        {
            file.Stream.Write(data);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputException.From(Path, exception);
        }
    }

    /// <summary>Writes the header, makes the file durable, checks it by reading its header back, and gives it its name.</summary>
    /// <param name="metadata">
    /// The final metadata; its header must be as long as the layout's: only values of fixed length may change.
    /// </param>
    /// <param name="overwrite">Whether an existing file of that name is replaced.</param>
    /// <exception cref="OutputException">The file exists, or the disk refuses.</exception>
    public void Commit(IReadOnlyDictionary<string, string> metadata, bool overwrite)
    {
        SafetensorsLayout final = layout.WithMetadata(metadata);
        if (final.Prefix.Length != layout.Prefix.Length || file.Stream.Position != layout.FileLength)
        {
            throw new InvalidOperationException("The header or the data does not have the length that the layout gave it.");
        }

        try
        {
            file.Stream.Position = 0;
            file.Stream.Write(final.Prefix.Span);
            file.Stream.Flush(flushToDisk: true);
            Verify(final);
            file.Commit(Path, overwrite);
        }
        catch (IOException exception) when (!overwrite && File.Exists(Path))
        {
            throw OutputException.Exists(Path, exception);
        }
        catch (SafetensorsException exception)
        {
            throw Unverified(exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputException.From(Path, exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Verify(SafetensorsLayout final)
    {
        SafetensorsHeader written = SafetensorsFile.ReadHeader(file.Stream.SafeFileHandle, file.Stream.Name, out long length, out _);
        bool same =
            length == final.FileLength
            && written.Metadata.Count == final.Metadata.Count
            && final.Metadata.All(pair => written.Metadata.TryGetValue(pair.Key, out string? value) && value == pair.Value)
            && written.Tensors.Count == final.Tensors.Count
            && written.Tensors.Select(Describe).ToHashSet(StringComparer.Ordinal).SetEquals(final.Tensors.Select(Describe));
        if (!same)
        {
            throw Unverified();
        }
    }

    private OutputException Unverified(SafetensorsException? cause = null)
    {
        string defect = cause is null ? string.Empty : $" ({cause.Defect})";
        string detail = $"what was read back is not what was written{defect}; the disk or the network share may be failing.";
        return new OutputException(Path, "Unverified", detail, cause);
    }

    private static string Describe(TensorEntry tensor) =>
        string.Create(CultureInfo.InvariantCulture, $"{tensor.Type} {tensor.ShapeText} {tensor.Start} {tensor.End} {tensor.Name}");
}
