namespace ResizeLora.Dialects;

/// <summary>The folder in which PEFT keeps an adapter: <c>adapter_model.safetensors</c>, and its settings beside it.</summary>
public static class PeftFolder
{
    /// <summary>The adapter in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The file, or null when it is no such folder.</returns>
    public static string? AdapterIn(string folder)
    {
        string adapter = Path.Combine(folder, PeftSettings.AdapterFileName);
        return File.Exists(adapter) && File.Exists(SettingsOf(adapter)) ? adapter : null;
    }

    /// <summary>Reads the settings beside an adapter.</summary>
    /// <param name="adapter">The adapter file.</param>
    /// <returns>The text, or null when the file is not one of such a folder.</returns>
    internal static string? ReadSettings(string adapter)
    {
        string settings = SettingsOf(adapter);
        return Path.GetFileName(adapter) == PeftSettings.AdapterFileName && File.Exists(settings) ? File.ReadAllText(settings) : null;
    }

    /// <summary>The file of the settings beside an adapter.</summary>
    /// <param name="adapter">The adapter file.</param>
    internal static string SettingsOf(string adapter) => Path.Combine(Path.GetDirectoryName(adapter)!, PeftSettings.FileName);
}
