using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Says what LoRA files are: family, base model, layers, ranks, alphas, trained words, and whether they were resized before.</para>
/// <para type="description">Reads headers only, and a few bytes for the alphas; no checkpoint and no libtorch. Takes adapters of every family and trainer, also those that Resize-Lora only copies. Writes one object a file as soon as it is read. Files that are no adapters are left alone, with one warning at the end.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "LoraInfo", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Get-LoraInfo.md")]
[OutputType(typeof(LoraInfo))]
public sealed class GetLoraInfoCommand : EngineCommand
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private readonly SkippedFiles skipped = new();
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    /// <summary>
    /// <para type="description">LoRA files; wildcards are allowed. Files of other kinds that a wildcard catches are left alone.</para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>
    /// <para type="description">LoRA files by their exact names, in which brackets and stars mean themselves. Files from Get-ChildItem bind here.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "FullName", "LP")]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool literal = ParameterSetName == LiteralPathSet;
        foreach (string file in FilePaths.Resolve(this, literal ? LiteralPath : Path, literal).Where(known.Add))
        {
            Attempt(file, () => Read(file));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => skipped.Warn(this, known.Count);

    private void Read(string file)
    {
        LoraInfo? info = LoraInfoReader.TryRead(file, out string? reason);
        if (info is null)
        {
            skipped.Add(this, file, reason!);
            return;
        }

        WriteObject(info);
    }
}
