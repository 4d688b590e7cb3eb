using System.Management.Automation;
using ResizeLora.PowerShell.Binding;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>The base of cmdlets that take files by -Path or -LiteralPath.</summary>
public abstract class PathCommand : EngineCommand
{
    /// <summary>The parameter set of <see cref="Path"/>.</summary>
    protected const string PathSet = "Path";

    /// <summary>The parameter set of <see cref="LiteralPath"/>.</summary>
    protected const string LiteralPathSet = "LiteralPath";

    /// <summary>
    /// <para type="description">
    /// LoRA files, and folders of PEFT (adapter_model.safetensors with adapter_config.json). Wildcards are allowed; they skip files of
    /// other kinds.
    /// </para>
    /// </summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet
    )]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public virtual string[] Path { get; set; } = [];

    /// <summary>
    /// <para type="description">
    /// LoRA files by their exact names, in which brackets and stars mean themselves. Files from Get-ChildItem bind here.
    /// </para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "FullName", "LP")]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Whether any folder is one thing to work on, as a base model of diffusers is; one of PEFT always is.</summary>
    protected virtual bool TakesFolders => false;

    /// <summary>The paths of the current record, and the files that each of them names.</summary>
    internal IEnumerable<(string Path, IReadOnlyList<InputFile> Files)> ResolveFiles() =>
        ParameterSetName switch
        {
            // From the pipeline, exact names are those that Get-ChildItem found.
            LiteralPathSet => LiteralPath.Select(path =>
                (path, FilePaths.Resolve(this, path, literal: true, isNamed: !MyInvocation.ExpectingInput, TakesFolders))
            ),
            PathSet => Path.Select(path => (path, FilePaths.Resolve(this, path, literal: false, isNamed: true, TakesFolders))),
            _ => [],
        };
}
