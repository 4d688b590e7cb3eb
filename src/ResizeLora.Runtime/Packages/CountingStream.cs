namespace ResizeLora.Runtime.Packages;

/// <summary>A file that is written to, and tells how long it is.</summary>
internal sealed class CountingStream : Stream
{
    private readonly FileStream file;
    private readonly Action<long> lengthChanged;

    /// <summary>Wraps a file, which the caller closes.</summary>
    /// <param name="file">The file; its position is at its end.</param>
    /// <param name="lengthChanged">Told the length after each piece.</param>
    public CountingStream(FileStream file, Action<long> lengthChanged)
    {
        this.file = file;
        this.lengthChanged = lengthChanged;
    }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => file.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => file.Position;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        file.Write(buffer);
        lengthChanged(file.Length);
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await file.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        lengthChanged(file.Length);
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void SetLength(long value)
    {
        file.SetLength(value);
        file.Position = value;
        lengthChanged(value);
    }

    /// <inheritdoc/>
    public override void Flush() => file.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
}
