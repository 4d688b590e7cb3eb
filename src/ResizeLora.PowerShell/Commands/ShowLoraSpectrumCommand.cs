using System.Management.Automation;
using ResizeLora.Pictures;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Recipes;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Shows the spectra of LoRA files in the browser, with sliders for recipes.</para>
/// <para type="description">
/// Opens one page for all files: a map of layers and dimensions, sliders for scores, thresholds, sizes and ranks, and what a recipe would
/// make of each file, as exact as Measure-LoraResize says it. The page has the recipe and the command line to copy. It is one file in a
/// temporary folder, needs no network and sends nothing; Export-LoraSpectrum writes the same page to a place of your choice.
/// </para>
/// </summary>
[Cmdlet(VerbsCommon.Show, "LoraSpectrum", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Show-LoraSpectrum.md")]
[OutputType(typeof(FileInfo))]
public sealed class ShowLoraSpectrumCommand : LayerCommand
{
    private const string FolderPrefix = "ResizeLora-";
    private const string FileName = "spectra.html";

    // One of them is set where a browser can be shown, or where the user says which one.
    private static readonly string[] DesktopMarks = ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"];

    private readonly SpectrumPage page = new();

    /// <summary>
    /// <para type="description">
    /// Recipes that the page begins with, as Resize-Lora takes them. With one that weighs subspace the layers are compared with the base
    /// model's weights, and the page has a slider for that score.
    /// </para>
    /// </summary>
    [Parameter]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public ResizeRecipe[] Recipe { get; set; } = [];

    /// <summary>
    /// <para type="description">Writes the page's file to the pipeline too.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override string Activity => "Showing spectra";

    /// <inheritdoc/>
    protected override IReadOnlyList<ResizeRecipe> Recipes => Recipe;

    /// <inheritdoc/>
    internal override void Apply(LayerSource source) => AddTo(page, source);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (page.FileCount == 0)
        {
            return;
        }

        // A folder that nobody else can look into.
        string path = System.IO.Path.Combine(Directory.CreateTempSubdirectory(FolderPrefix).FullName, FileName);
        SpectrumExport.Write(path, page.Render(Recipe), overwrite: false);
        WriteVerbose($"The page is '{path}'.");
        Open(path);
        if (PassThru)
        {
            WriteObject(InvokeProvider.Item.Get([path], force: true, literalPath: true), enumerateCollection: true);
        }
    }

    private void Open(string path)
    {
        // What would be started on Linux without a desktop writes to the terminal and tells nobody that it found no browser.
        if (OperatingSystem.IsLinux() && Array.TrueForAll(DesktopMarks, static mark => Environment.GetEnvironmentVariable(mark) is null))
        {
            WriteWarning($"There is no desktop here to open a browser on. The page is '{path}'.");
            return;
        }

        try
        {
            InvokeProvider.Item.Invoke(WildcardPattern.Escape(path));
        }
        catch (Exception exception) when (exception is not PipelineStoppedException)
        {
            WriteWarning($"No browser could be opened ({exception.Message}). The page is '{path}'.");
        }
    }
}
