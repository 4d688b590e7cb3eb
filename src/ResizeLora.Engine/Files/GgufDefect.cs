namespace ResizeLora.Files;

/// <summary>What is wrong with a GGUF file that is refused.</summary>
public enum GgufDefect
{
    /// <summary>It holds nothing.</summary>
    Empty,

    /// <summary>It does not begin with the four letters of the format.</summary>
    NotGguf,

    /// <summary>Its version is neither 2 nor 3.</summary>
    UnsupportedVersion,

    /// <summary>It was written for big-endian machines.</summary>
    BigEndian,

    /// <summary>It is cut off: its header, or its data, ends too early.</summary>
    Truncated,

    /// <summary>Its header breaks a rule of the format, or is longer than any that is in use.</summary>
    InvalidHeader,

    /// <summary>Two tensors have one name.</summary>
    DuplicateTensor,

    /// <summary>A shape, or its size in bytes, does not fit into 64 bits.</summary>
    SizeOverflow,

    /// <summary>The rows of a quantised tensor are not made of whole blocks.</summary>
    PartialBlock,

    /// <summary>Tensors overlap, or begin where the alignment does not let them.</summary>
    InvalidOffset,

    /// <summary>The file became shorter, or was replaced, while it was read.</summary>
    FileShrank,
}
