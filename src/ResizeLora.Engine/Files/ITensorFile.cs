namespace ResizeLora.Files;

/// <summary>
/// Where tensors are read from: a file, or several that are read as if they were one. Reads may come from several threads at once.
/// </summary>
public interface ITensorFile : IDisposable
{
    /// <summary>The full path; for several files, that which they would have as one.</summary>
    string Path { get; }

    /// <summary>The size in bytes, of all files together.</summary>
    long Length { get; }

    /// <summary>The time of the last change, UTC, when it was opened.</summary>
    DateTime LastWriteTime { get; }

    /// <summary>The tensors and the metadata.</summary>
    SafetensorsHeader Header { get; }

    /// <summary>Finds a tensor by its name.</summary>
    /// <param name="name">The exact name.</param>
    /// <returns>The tensor, or null.</returns>
    TensorEntry? Find(string name);

    /// <summary>Reads a part of a tensor's bytes.</summary>
    /// <param name="tensor">A tensor of this source.</param>
    /// <param name="destination">Where the bytes go; its length says how many.</param>
    /// <param name="offset">The first byte within the tensor.</param>
    /// <exception cref="SafetensorsException">A file shrank since it was opened.</exception>
    /// <exception cref="GgufException">A GGUF file shrank since it was opened.</exception>
    void Read(TensorEntry tensor, Span<byte> destination, long offset = 0);

    /// <summary>Reads a whole tensor into a new array.</summary>
    /// <param name="tensor">A tensor of this source.</param>
    byte[] Read(TensorEntry tensor);

    /// <summary>Whether somebody has written to it since it was opened; its tensors may be a mixture then.</summary>
    bool HasChanged();
}
