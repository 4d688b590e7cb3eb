using System.Diagnostics;
using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.PowerShell.Binding;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>
/// The base of cmdlets that work on LoRA files against a base model: gathers the files that are named or piped, so that
/// progress knows how many there are, and works on them one after another at the end.
/// </summary>
public abstract class LoraFileCommand : EngineCommand
{
    /// <summary>The parameter set of <see cref="Path"/>.</summary>
    protected const string PathSet = "Path";

    /// <summary>The parameter set of <see cref="LiteralPath"/>.</summary>
    protected const string LiteralPathSet = "LiteralPath";

    /// <summary>The parameter set of <see cref="Merge"/>.</summary>
    protected const string MergeSet = "Merge";

    // Paths, and merges.
    private readonly List<object> files = [];
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly SkippedFiles skipped = new();
    private ResizeSession? session;

    /// <summary>
    /// <para type="description">LoRA files; wildcards are allowed. Files of other kinds that a wildcard catches are left alone.</para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public virtual string[] Path { get; set; } = [];

    /// <summary>
    /// <para type="description">LoRA files by their exact names, in which brackets and stars mean themselves. Files from Get-ChildItem bind here.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "FullName", "LP")]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>
    /// <para type="description">Merges of Merge-Lora, each worked on as if it were one file.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = MergeSet)]
    public MergedLora[] Merge { get; set; } = [];

    /// <summary>
    /// <para type="description">The base model: an SDXL checkpoint in Stability's layout. Needed by recipes that use spn_ckpt, fro_ckpt or subspace.</para>
    /// </summary>
    [Parameter]
    [Alias("Base")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string? Checkpoint { get; set; }

    /// <summary>
    /// <para type="description">Where to compute: auto (CUDA where there is one), cpu, cuda, or cuda:N.</para>
    /// </summary>
    [Parameter]
    [ValidateDevice]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Device { get; set; } = "auto";

    /// <summary>What a verb does to each file, for the progress display.</summary>
    protected abstract string Activity { get; }

    /// <summary>Whether files that were resized before are worked on too.</summary>
    protected virtual bool TakesResizedFiles => true;

    /// <summary>The files that have come so far, by their full paths; merges by the paths that they go by.</summary>
    protected IReadOnlyList<string> Files => files.ConvertAll(static file => file.ToString()!);

    /// <summary>The session: device and base model.</summary>
    internal ResizeSession Session => session ?? throw new InvalidOperationException("The session is opened in BeginProcessing.");

    /// <summary>Whether the files come as paths, rather than as layers.</summary>
    protected bool HasPaths => ParameterSetName is PathSet or LiteralPathSet;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        string? checkpoint = Checkpoint is null ? null : FilePaths.ResolveLiteral(this, Checkpoint);
        session = Require(Checkpoint, () => OpenSession(checkpoint));
        if (Device.Contains("cuda", StringComparison.OrdinalIgnoreCase))
        {
            // Asked for by name, a device that is absent ends the command before anything is read.
            Require(Device, () => session.Device);
        }
    }

    /// <summary>Opens a session with this command's device.</summary>
    /// <param name="checkpoint">The full path of the base model, or null.</param>
    internal ResizeSession OpenSession(string? checkpoint) => new(Device, checkpoint, NormCache.ForUser());

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (HasPaths)
        {
            bool literal = ParameterSetName == LiteralPathSet;
            files.AddRange(FilePaths.Resolve(this, literal ? LiteralPath : Path, literal).Where(known.Add));
        }
        else if (ParameterSetName == MergeSet)
        {
            files.AddRange(Merge);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        for (int index = 0; index < files.Count; index++)
        {
            object file = files[index];
            StartItem(Activity, System.IO.Path.GetFileName(file.ToString()!), index, files.Count);
            Attempt(file, () =>
            {
                if (file is MergedLora merge)
                {
                    Process(merge.Open());
                }
                else
                {
                    Process((string)file, index);
                }
            });
        }

        CompleteProgress();

        // One warning rather than one a file: in a folder that is resized every night most files are earlier outputs.
        skipped.Warn(this, files.Count);
    }

    /// <summary>Works on one open LoRA file, which the callee disposes of.</summary>
    /// <param name="adapter">The file.</param>
    protected abstract void Process(Adapter adapter);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            session?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Process(string file, int index)
    {
        if (Session.Checkpoint is { } checkpoint && OutputGuard.AreSame(checkpoint.Path, file))
        {
            WriteVerbose($"'{file}' is the base model itself and is left alone.");
            return;
        }

        Adapter? adapter = LoraFileOpener.TryOpen(file, TakesResizedFiles, out string? reason);
        if (adapter is null)
        {
            skipped.Add(this, file, reason!);
            return;
        }

        var clock = Stopwatch.StartNew();
        WriteVerbose(FormattableString.Invariant($"'{file}', file {index + 1} of {files.Count}: {adapter.Layers.Count} layers, {adapter.File.Length:N0} bytes."));
        Process(adapter);
        WriteVerbose(FormattableString.Invariant($"'{file}', file {index + 1} of {files.Count}: done in {clock.Elapsed.TotalSeconds:0.00} s."));
    }
}
