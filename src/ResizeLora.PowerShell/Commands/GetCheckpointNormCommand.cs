using System.Management.Automation;
using ResizeLora.Checkpoints;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the norms of a base model's weights, and keeps them for later runs.</para>
/// <para type="description">Norms that are known are read; others are computed, several weights at a time, and kept in the cache that Resize-Lora and Get-LoraSpectrum use. After one run over a checkpoint, no LoRA measured against it has to wait for norms. Writes one object for each weight that a LoRA or LoCon can change.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "CheckpointNorm", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Get-CheckpointNorm.md")]
[OutputType(typeof(CheckpointNorm))]
public sealed class GetCheckpointNormCommand : EngineCommand
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string Activity = "Measuring base models";

    private readonly List<string> files = [];
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private NormCache? cache;

    /// <summary>
    /// <para type="description">Base models: SDXL checkpoints in Stability's layout; wildcards are allowed.</para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [Alias("Checkpoint", "Base")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>
    /// <para type="description">Base models by their exact names, in which brackets and stars mean themselves. Files from Get-ChildItem bind here.</para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "FullName", "LP")]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>
    /// <para type="description">Only these layers, by their names in LoRA files; wildcards are allowed. All that a LoRA or LoCon can change by default.</para>
    /// </summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LayerNameCompleter))]
    public string[] Layer { get; set; } = ["*"];

    /// <summary>
    /// <para type="description">Computes the norms again, and replaces those that are kept.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter Refresh { get; set; }

    /// <summary>
    /// <para type="description">Where to compute: auto (CUDA where there is one), cpu, cuda, or cuda:N.</para>
    /// </summary>
    [Parameter]
    [ValidateDevice]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string Device { get; set; } = "auto";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Device.Contains("cuda", StringComparison.OrdinalIgnoreCase))
        {
            // Asked for by name, a device that is absent ends the command before anything is read.
            using var session = new ResizeSession(Device, checkpointPath: null, NormCache.ForUser());
            Require(Device, () => session.Device);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool literal = ParameterSetName == LiteralPathSet;
        files.AddRange(FilePaths.Resolve(this, literal ? LiteralPath : Path, literal).Where(known.Add));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        for (int index = 0; index < files.Count; index++)
        {
            string file = files[index];
            StartItem(Activity, System.IO.Path.GetFileName(file), index, files.Count);
            Attempt(file, () => Measure(file));
        }

        CompleteProgress();
    }

    private void Measure(string file)
    {
        using var session = new ResizeSession(Device, file, cache ??= NormCache.ForUser());
        BaseWeight[] weights = [.. Select(session.Checkpoint!)];
        WriteObject(Run((channel, cancellationToken) => session.MeasureCheckpoint(weights, Refresh, channel, cancellationToken)), enumerateCollection: true);
    }

    private IEnumerable<BaseWeight> Select(Checkpoint checkpoint)
    {
        WildcardPattern[] patterns = Array.ConvertAll(Layer, static name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant));
        for (int index = 0; index < patterns.Length; index++)
        {
            if (!WildcardPattern.ContainsWildcardCharacters(Layer[index]) && !checkpoint.Weights.Any(weight => patterns[index].IsMatch(weight.Layer)))
            {
                string message = $"'{checkpoint.Path}' has no weight under a layer '{Layer[index]}'.";
                WriteError(new ErrorRecord(new ItemNotFoundException(message), "LayerMissing", ErrorCategory.ObjectNotFound, Layer[index]));
            }
        }

        return checkpoint.Weights.Where(weight => patterns.Any(pattern => pattern.IsMatch(weight.Layer)));
    }
}
