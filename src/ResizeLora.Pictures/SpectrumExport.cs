using ResizeLora.Files;

namespace ResizeLora.Pictures;

/// <summary>Writes a sheet as a picture or as numbers.</summary>
public static class SpectrumExport
{
    /// <summary>The formats by the extensions of their files.</summary>
    public static IReadOnlyDictionary<string, SpectrumFormat> Extensions { get; } =
        new Dictionary<string, SpectrumFormat>(StringComparer.OrdinalIgnoreCase)
        {
            [".png"] = SpectrumFormat.Png,
            [".svg"] = SpectrumFormat.Svg,
            [".csv"] = SpectrumFormat.Csv,
            [".json"] = SpectrumFormat.Json,
            [".html"] = SpectrumFormat.Html,
            [".htm"] = SpectrumFormat.Html,
        };

    /// <summary>Draws or prints a sheet.</summary>
    /// <param name="sheet">What to show.</param>
    /// <param name="format">In which way.</param>
    /// <param name="width">The width of a picture in pixels.</param>
    /// <param name="height">The height of a picture in pixels, or null for one that suits the number of components.</param>
    /// <exception cref="PictureException">Pictures cannot be drawn on this machine.</exception>
    public static byte[] Render(SpectrumSheet sheet, SpectrumFormat format, int width, int? height)
    {
        ArgumentNullException.ThrowIfNull(sheet);
        return format switch
        {
            SpectrumFormat.Csv => SpectrumTable.Csv(sheet),
            SpectrumFormat.Json => SpectrumTable.Json(sheet),
            SpectrumFormat.Html => throw new ArgumentOutOfRangeException(nameof(format), format, "A page is of many files."),
            _ => SpectrumPicture.Render(sheet, format, width, height),
        };
    }

    /// <summary>Writes a file whole or not at all; its folder is made when it does not exist.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its content.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <exception cref="OutputException">The file exists, or the disk refuses.</exception>
    public static void Write(string path, byte[] content, bool overwrite)
    {
        string folder = Path.GetDirectoryName(path)!;
        try
        {
            Directory.CreateDirectory(folder);
            TemporaryFile.RemoveLeftovers(folder);
            using var file = TemporaryFile.Create(folder, bufferSize: 0);
            file.Stream.Write(content);
            file.Commit(path, overwrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw !overwrite && File.Exists(path) ? OutputException.Exists(path, exception) : OutputException.From(path, exception);
        }
    }
}
