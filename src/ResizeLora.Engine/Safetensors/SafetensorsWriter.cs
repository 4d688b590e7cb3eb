using System.Diagnostics;
using System.Globalization;

namespace ResizeLora.Safetensors;

/// <summary>
/// Writes a file whole or not at all: the data goes to a temporary file in the target's folder, is flushed to the disk,
/// read back, and takes the final name in one step. Disposing without <see cref="Commit"/> removes the temporary file.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    private const string TemporaryPrefix = ".resizelora-";
    private const string TemporarySuffix = ".tmp";

    // Large enough that a network share or a hard disk sees few requests.
    private const int BufferSize = 1 << 20;

    private readonly SafetensorsLayout layout;
    private readonly string temporaryPath;
    private readonly FileStream stream;
    private bool committed;

    private SafetensorsWriter(string path, SafetensorsLayout layout, string temporaryPath, FileStream stream)
    {
        Path = path;
        this.layout = layout;
        this.temporaryPath = temporaryPath;
        this.stream = stream;
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
        string folder = System.IO.Path.GetDirectoryName(path)!;
        string temporaryPath = System.IO.Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{TemporaryPrefix}{Environment.ProcessId}-{Guid.NewGuid():N}{TemporarySuffix}"));
        try
        {
            // Sharing deletion, and nothing else, lets the file be renamed while it is held against other runs' cleaning.
            var stream = new FileStream(temporaryPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, BufferSize);
            stream.Position = layout.Prefix.Length;
            return new SafetensorsWriter(path, layout, temporaryPath, stream);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputException.From(path, exception);
        }
    }

    /// <summary>Removes what a killed run left in a folder; a temporary file that another process still writes is left alone.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The number of files removed.</returns>
    public static int RemoveLeftovers(string folder)
    {
        int removed = 0;
        try
        {
            foreach (string leftover in Directory.EnumerateFiles(folder, $"{TemporaryPrefix}*{TemporarySuffix}"))
            {
                removed += !IsOwnerAlive(leftover) && TryRemove(leftover) ? 1 : 0;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be listed will be reported, better, when the output is written to it.
        }

        return removed;
    }

    /// <summary>Appends the next bytes of the data, in the order of the layout.</summary>
    /// <param name="data">Any number of bytes; tensors may be cut anywhere.</param>
    /// <exception cref="OutputException">The disk is full, or refuses for another reason.</exception>
    public void Write(ReadOnlySpan<byte> data)
    {
        try
        {
            stream.Write(data);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputException.From(Path, exception);
        }
    }

    /// <summary>Writes the header, makes the file durable, checks it by reading its header back, and gives it its name.</summary>
    /// <param name="metadata">The final metadata; its header must be as long as the layout's, as it is when only fixed-length values changed.</param>
    /// <param name="overwrite">Whether an existing file of that name is replaced.</param>
    /// <exception cref="OutputException">The file exists, or the disk refuses.</exception>
    public void Commit(IReadOnlyDictionary<string, string> metadata, bool overwrite)
    {
        SafetensorsLayout final = layout.WithMetadata(metadata);
        if (final.Prefix.Length != layout.Prefix.Length || stream.Position != layout.FileLength)
        {
            throw new InvalidOperationException("The header or the data does not have the length that the layout gave it.");
        }

        try
        {
            stream.Position = 0;
            stream.Write(final.Prefix.Span);
            stream.Flush(flushToDisk: true);
            Verify(final);
            FileNaming.Move(temporaryPath, Path, overwrite);
            committed = true;
            stream.Dispose();
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
    public void Dispose()
    {
        try
        {
            stream.Dispose();
        }
        catch (IOException)
        {
            // Closing flushes; on a full disk that fails a second time, and the first failure has been reported.
        }

        if (!committed)
        {
            TryRemove(temporaryPath);
        }
    }

    private void Verify(SafetensorsLayout final)
    {
        SafetensorsHeader written = SafetensorsFile.ReadHeader(stream.SafeFileHandle, temporaryPath, out long length, out _);
        bool same = length == final.FileLength
            && written.Metadata.Count == final.Metadata.Count
            && final.Metadata.All(pair => written.Metadata.TryGetValue(pair.Key, out string? value) && value == pair.Value)
            && written.Tensors.Count == final.Tensors.Count
            && written.Tensors.Select(Describe).ToHashSet(StringComparer.Ordinal).SetEquals(final.Tensors.Select(Describe));
        if (!same)
        {
            throw Unverified();
        }
    }

    private OutputException Unverified(SafetensorsException? cause = null) => new(
        Path, "Unverified", $"what was read back is not what was written{(cause is null ? string.Empty : $" ({cause.Defect})")}; the disk or the network share may be failing.", cause);

    private static string Describe(TensorEntry tensor) => string.Create(CultureInfo.InvariantCulture, $"{tensor.Type} {tensor.ShapeText} {tensor.Start} {tensor.End} {tensor.Name}");

    // The lock alone would leave the moment between making a file and locking it.
    private static bool IsOwnerAlive(string temporaryPath)
    {
        string owner = System.IO.Path.GetFileName(temporaryPath)[TemporaryPrefix.Length..].Split('-')[0];
        if (!int.TryParse(owner, NumberStyles.None, CultureInfo.InvariantCulture, out int processId))
        {
            return false;
        }

        try
        {
            // A process that started later has the number, but not the file.
            using var process = Process.GetProcessById(processId);
            return process.StartTime.ToUniversalTime() <= File.GetLastWriteTimeUtc(temporaryPath);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static bool TryRemove(string path)
    {
        try
        {
            // Whoever writes it holds it exclusively, so that opening tells a leftover from work in progress.
            using (File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
            }

            File.Delete(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
