namespace ResizeLora.Files;

/// <summary>What is wrong with a file that is refused; the names follow the error list of the safetensors library.</summary>
public enum SafetensorsDefect
{
    /// <summary>Shorter than the eight bytes that give the header's length.</summary>
    HeaderTooSmall,

    /// <summary>The header's length is under 2 or over 100 MB: this is some other kind of file.</summary>
    InvalidHeaderLength,

    /// <summary>The header's length points past the end of the file, and no header begins there: this is some other kind of file.</summary>
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

    /// <summary>The tensors end before the end of the file: some bytes belong to none.</summary>
    IncompleteData,

    /// <summary>The file became shorter, or was replaced, while it was read.</summary>
    FileShrank,

    /// <summary>The file is cut off: its header, or its data, ends too early.</summary>
    Truncated,

    /// <summary>It holds nothing.</summary>
    Empty,

    /// <summary>It begins with zeros only.</summary>
    Zeros,

    /// <summary>It is a web page, or XML, that a server sent in place of the file.</summary>
    HtmlPage,

    /// <summary>It is a JSON text, such as the error of a server.</summary>
    JsonText,

    /// <summary>It is some other text.</summary>
    PlainText,

    /// <summary>It is the place-holder of a file that git-LFS did not fetch.</summary>
    LfsPointer,

    /// <summary>It is a pickle of Python or PyTorch, which can run code.</summary>
    Pickle,

    /// <summary>It is an archive: zip, 7z, rar or gzip.</summary>
    Archive,

    /// <summary>It is a GGUF file.</summary>
    Gguf,

    /// <summary>It is a picture.</summary>
    Picture,
}
