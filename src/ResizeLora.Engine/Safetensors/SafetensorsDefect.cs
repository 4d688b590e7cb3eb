namespace ResizeLora.Safetensors;

/// <summary>What is wrong with a file that is refused; the names follow the error list of the safetensors library.</summary>
public enum SafetensorsDefect
{
    /// <summary>Shorter than the eight bytes that give the header's length.</summary>
    HeaderTooSmall,

    /// <summary>The header's length is under 2 or over 100 MB: this is some other kind of file.</summary>
    InvalidHeaderLength,

    /// <summary>The header's length points past the end of the file: truncated, or another kind of file.</summary>
    HeaderPastEnd,

    /// <summary>The header is not UTF-8.</summary>
    InvalidHeaderEncoding,

    /// <summary>The header is not the JSON object that the format asks for.</summary>
    InvalidHeader,

    /// <summary>Two tensors have one name.</summary>
    DuplicateTensor,

    /// <summary>The metadata is not an object of strings.</summary>
    InvalidMetadata,

    /// <summary>A tensor's type is unknown.</summary>
    UnknownType,

    /// <summary>A shape, or its size in bytes, does not fit into 64 bits.</summary>
    SizeOverflow,

    /// <summary>The offsets are reversed, overlap, or leave a hole.</summary>
    InvalidOffset,

    /// <summary>The byte count is not shape × type.</summary>
    SizeMismatch,

    /// <summary>The tensors end before or behind the end of the file.</summary>
    IncompleteData,

    /// <summary>The file became shorter, or was replaced, while it was read.</summary>
    FileShrank,
}
