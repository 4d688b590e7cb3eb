namespace ResizeLora.PowerShell.Hosting;

/// <summary>Where the pages of the help are on the web.</summary>
internal static class OnlineHelp
{
    /// <summary>The folder of the pages, such as <c>Resize-Lora.md</c>; below the manifest's ProjectUri, as a test checks.</summary>
    public const string Pages = "https://github.com/ResizeLora/ResizeLora/blob/main/docs/help/";
}
