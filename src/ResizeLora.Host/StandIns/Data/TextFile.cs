using System.Text;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Text files in the encodings that PowerShell names.</summary>
internal static class TextFile
{
    /// <summary>The encoding of that name; UTF-8 without a mark when there is none.</summary>
    /// <exception cref="ArgumentException">No encoding has that name.</exception>
    public static Encoding EncodingOf(string? name) => name?.ToUpperInvariant() switch
    {
        null or "UTF8" or "UTF8NOBOM" or "DEFAULT" or "OEM" or "ANSI" => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        "UTF8BOM" => new UTF8Encoding(encoderShouldEmitUTF8Identifier: true),
        "UNICODE" => Encoding.Unicode,
        "BIGENDIANUNICODE" => Encoding.BigEndianUnicode,
        "UTF32" => Encoding.UTF32,
        "ASCII" => Encoding.ASCII,
        _ => Encoding.GetEncoding(name),
    };

    /// <summary>Opens a file to write text to.</summary>
    public static StreamWriter OpenWriter(string path, string? encoding, bool append, bool onlyNew = false)
    {
        FileMode mode = append ? FileMode.Append : onlyNew ? FileMode.CreateNew : FileMode.Create;
        return new StreamWriter(new FileStream(path, mode, FileAccess.Write, FileShare.Read), EncodingOf(encoding));
    }

    /// <summary>Opens a file to read its text.</summary>
    public static StreamReader OpenReader(string path, string? encoding) =>
        new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite), EncodingOf(encoding), detectEncodingFromByteOrderMarks: true);
}
