using System.Management.Automation;
using ResizeLora.Files;
using ResizeLora.Pictures;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Draws the spectra of LoRA files, writes their numbers, or a page with sliders.</para>
/// <para type="description">
/// A page (HTML) opens in any browser: a map of layers and dimensions, sliders for recipes, and what each would make of the file, as exact
/// as Measure-LoraResize says it; it is one file and needs no network. With -Destination several LoRA files are on one page. A picture
/// (PNG, SVG) shows for each component the singular values of its layers over one another, and a map of layers and ranks; with -Recipe it
/// marks where recipes cut. CSV and JSON hold the same numbers. Takes files, or layers of Get-LoraSpectrum, which are gathered by their
/// file; but for a page each file gives one output, whole or not at all.
/// </para>
/// </summary>
[Cmdlet(
    VerbsData.Export,
    "LoraSpectrum",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Low,
    HelpUri = OnlineHelp.Pages + "Export-LoraSpectrum.md"
)]
[OutputType(typeof(FileInfo))]
public sealed class ExportLoraSpectrumCommand : LayerCommand
{
    private readonly HashSet<string> placed = new(StringComparer.OrdinalIgnoreCase);

    private readonly List<string> shownInputs = [];

    // The page of -Destination with its place, and whether it is to be written; null until the first file comes.
    private (SpectrumPage Page, string Path, bool IsWanted)? shared;

    /// <summary>
    /// <para type="description">The file to write. A folder that exists is taken as -OutputDirectory.</para>
    /// </summary>
    [Parameter(Position = 1)]
    [Alias("OutFile", "OutputPath")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>
    /// <para type="description">
    /// The folder of the outputs, made when it does not exist; by default each goes beside its LoRA. An output is named after its LoRA.
    /// </para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <summary>
    /// <para type="description">
    /// Html, Png, Svg, Csv or Json; by default what the extension of -Destination says, and Png where it says nothing.
    /// </para>
    /// </summary>
    [Parameter]
    [ValidateSet("Html", "Png", "Svg", "Csv", "Json")]
    public string? Format { get; set; }

    /// <summary>
    /// <para type="description">
    /// Recipes whose cuts are marked, as Resize-Lora takes them. A page begins with them; where one weighs subspace, it has a slider for
    /// that score.
    /// </para>
    /// </summary>
    [Parameter]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public ResizeRecipe[] Recipe { get; set; } = [];

    /// <summary>
    /// <para type="description">The width of a picture in pixels.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(600, 16384)]
    public int Width { get; set; } = 1400;

    /// <summary>
    /// <para type="description">The height of a picture in pixels; by default it suits the number of components.</para>
    /// </summary>
    [Parameter]
    [ValidateRange(400, 16384)]
    public int Height { get; set; }

    /// <summary>
    /// <para type="description">Replaces existing files.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override string Activity => "Exporting spectra";

    /// <inheritdoc/>
    protected override IReadOnlyList<ResizeRecipe> Recipes => Recipe;

    /// <inheritdoc/>
    internal override void Apply(LayerSource source)
    {
        shownInputs.AddRange(source.InputPaths);
        (string path, SpectrumFormat format) = Place(source);
        string what = FormattableString.Invariant($"the spectra of {source.LayerCount} layers of '{source.Path}' as {format}");
        if (format == SpectrumFormat.Html)
        {
            ApplyToPage(source, path, what);
            return;
        }

        // Spectra as they are need no file.
        LayerSpectrum[] spectra = [.. (source.Layers ?? []).OfType<LayerSpectrum>()];
        bool asTheyAre = Recipe.Length == 0 && Checkpoint is null && spectra.Length == source.LayerCount;
        if (ShouldProcess(path, $"Write {what}"))
        {
            SpectrumSheet sheet = asTheyAre ? new SpectrumSheet(source.Path, spectra, []) : SheetOf(source.OpenJob);
            Write(path, Run((_, _) => SpectrumExport.Render(sheet, format, Width, Height > 0 ? Height : null)), what);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (shared is { Page.FileCount: > 0 } last)
        {
            string what = FormattableString.Invariant($"the spectra of {last.Page.FileCount} files");
            Attempt(
                last.Path,
                () =>
                {
                    // A file that came later, or failed, must not be replaced by the page either.
                    OutputGuard.Check(last.Path, [.. shownInputs, .. last.Page.Inputs]);
                    Write(last.Path, last.Page.Render(Recipe), what);
                }
            );
        }
    }

    private void ApplyToPage(LayerSource source, string path, string what)
    {
        if (!IsShared(SpectrumFormat.Html))
        {
            if (ShouldProcess(path, $"Write {what}"))
            {
                var page = new SpectrumPage();
                AddTo(page, source);
                Write(path, page.Render(Recipe), what);
            }

            return;
        }

        shared ??= (new SpectrumPage(), path, ShouldProcess(path, $"Write {what}, and of further files"));
        if (shared.Value.IsWanted)
        {
            AddTo(shared.Value.Page, source);
        }
    }

    private SpectrumSheet SheetOf(Func<ResizeJob> open)
    {
        using ResizeJob job = open();
        RecipeCut[] cuts = Array.ConvertAll(
            Recipe,
            recipe => new RecipeCut(Run((channel, token) => job.Plan(recipe, TensorType.Float16, OutputKind.Smallest, channel, token)))
        );
        return new SpectrumSheet(job.SourcePath, job.Layers, cuts);
    }

    private void Write(string path, byte[] content, string what)
    {
        SpectrumExport.Write(path, content, Force);
        WriteVerbose(FormattableString.Invariant($"'{path}': {content.Length:N0} bytes, {what}."));
        WriteObject(InvokeProvider.Item.Get([path], force: true, literalPath: true), enumerateCollection: true);
    }

    // A page named by -Destination takes all files.
    private bool IsShared(SpectrumFormat format) => format == SpectrumFormat.Html && Destination is not null && !IsFolder;

    private bool IsFolder =>
        Destination is null || Destination[^1] is '/' or '\\' || Directory.Exists(FilePaths.ResolveLiteral(this, Destination));

    private (string Path, SpectrumFormat Format) Place(LayerSource input)
    {
        string source = input.Path;
        if (Destination is not null && OutputDirectory is not null)
        {
            throw new PSArgumentException("-Destination names one file and -OutputDirectory a folder: give one of the two.");
        }

        string? given = Destination ?? OutputDirectory;
        string? destination = given is null ? null : FilePaths.ResolveLiteral(this, given);
        bool isFolder = IsFolder;
        SpectrumFormat format =
            Format is not null ? Enum.Parse<SpectrumFormat>(Format, ignoreCase: true)
            : isFolder ? SpectrumFormat.Png
            : SpectrumExport.Extensions.TryGetValue(System.IO.Path.GetExtension(destination!), out SpectrumFormat known) ? known
            : throw new OutputException(
                destination!,
                "FormatUnknown",
                "its extension tells no format; use .html, .png, .svg, .csv or .json, or say -Format."
            );
        string extension = SpectrumExport.Extensions.First(pair => pair.Value == format).Key;
        string path = isFolder
            ? System.IO.Path.Combine(
                destination ?? System.IO.Path.GetDirectoryName(source)!,
                $"{System.IO.Path.GetFileNameWithoutExtension(source)}.spectrum{extension}"
            )
            : destination!;
        if (!placed.Add(path) && !IsShared(format))
        {
            throw new OutputException(
                path,
                "Taken",
                isFolder
                    ? $"another file of that name was written there in this run; give '{source}' a -Destination of its own."
                    : $"another file of this run was written there; give -OutputDirectory for several files, and '{source}' another one."
            );
        }

        IEnumerable<string> bases = Session.Checkpoints.SelectMany(static checkpoint => checkpoint.FilePaths);
        OutputGuard.Check(path, [source, .. input.InputPaths, .. bases]);
        return Force || !File.Exists(path) ? (path, format) : throw OutputException.Exists(path);
    }
}
