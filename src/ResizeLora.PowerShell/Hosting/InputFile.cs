namespace ResizeLora.PowerShell.Hosting;

/// <summary>A file that came to a cmdlet.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="IsNamed">
/// Whether the user named it outright, so that it is an error when it cannot be processed. A file that a wildcard found, or that
/// the pipeline brought from a folder, is skipped with a warning.
/// </param>
internal readonly record struct InputFile(string Path, bool IsNamed);
