using ResizeLora.Files;

namespace ResizeLora.Resizing;

/// <summary>
/// Names that Windows keeps for devices, or changes before it makes the file: writing to NUL.safetensors would succeed and
/// leave nothing. Other systems have no such names and take them as they stand.
/// </summary>
public static class ReservedNames
{
    private static readonly string[] Devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

    // COM and LPT take these, superscripts included.
    private const string DeviceDigits = "123456789\u00B9\u00B2\u00B3";

    /// <summary>Refuses an output whose name, or one of whose folders, Windows cannot hold; does nothing elsewhere.</summary>
    /// <param name="output">The full path of the output.</param>
    /// <exception cref="OutputException">The name is reserved.</exception>
    public static void Check(string output)
    {
        if (OperatingSystem.IsWindows() && FindIn(output) is { } name)
        {
            throw new OutputException(output, "NameReserved", $"Windows keeps the name '{name}' for a device, or cannot hold it.");
        }
    }

    /// <summary>Finds the first part of a path that Windows cannot hold.</summary>
    /// <param name="path">The path; a drive at its beginning is no part.</param>
    /// <returns>The part, or null.</returns>
    public static string? FindIn(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Split('/', '\\').FirstOrDefault(static part => part is not ("" or "." or "..") && IsReserved(part));
    }

    private static bool IsReserved(string part)
    {
        // What follows the first dot, and blanks before it, make no difference: "nul .tar.gz" is NUL.
        string stem = part.Split('.')[0].TrimEnd(' ').ToUpperInvariant();
        bool isPort = stem.Length == 4 && stem[..3] is ("COM" or "LPT") && DeviceDigits.Contains(stem[3], StringComparison.Ordinal);
        return isPort || Devices.Contains(stem) || part.EndsWith(' ') || part.EndsWith('.');
    }
}
