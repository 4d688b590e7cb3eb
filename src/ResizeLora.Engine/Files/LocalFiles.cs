namespace ResizeLora.Files;

/// <summary>
/// Tells files that are here from those that a cloud service (OneDrive, iCloud for Windows) or an archive only lists: reading such a
/// file would fetch it, gigabytes for a base model, without anybody having asked.
/// </summary>
internal static class LocalFiles
{
    // FILE_ATTRIBUTE_RECALL_ON_OPEN and FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS, which .NET does not name. Only Windows knows any of these.
    private const FileAttributes Elsewhere = FileAttributes.Offline | (FileAttributes)0x40000 | (FileAttributes)0x400000;

    /// <summary>Whether the attributes are those of a file whose content is elsewhere.</summary>
    /// <param name="attributes">The attributes.</param>
    public static bool IsElsewhere(FileAttributes attributes) => (attributes & Elsewhere) != 0;

    /// <summary>Whether the content of a file is elsewhere; false where there is no such file.</summary>
    /// <param name="path">The file.</param>
    public static bool IsElsewhere(string path)
    {
        var named = new FileInfo(path);
        return named.Exists && (IsElsewhere(named.Attributes) || LeadsElsewhere(named));
    }

    /// <summary>Refuses a file whose content is elsewhere.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="NotLocalException">Its content is elsewhere.</exception>
    public static void Require(string path)
    {
        if (IsElsewhere(path))
        {
            throw new NotLocalException(path);
        }
    }

    private static bool LeadsElsewhere(FileInfo link) =>
        link.Attributes.HasFlag(FileAttributes.ReparsePoint)
        && link.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true } target
        && IsElsewhere(target.Attributes);
}
