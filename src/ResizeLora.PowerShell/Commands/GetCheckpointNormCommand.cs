using System.Management.Automation;
using ResizeLora.Checkpoints;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the norms of a base model's weights, and keeps them for later runs.</para>
/// <para type="description">
/// Norms that are known are read; others are computed, several weights at a time, and kept in the cache that Resize-Lora and
/// Get-LoraSpectrum use. After one run over a checkpoint, no LoRA measured against it has to wait for norms. Writes one object for each
/// weight that a LoRA or LoCon can change.
/// </para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "CheckpointNorm", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Get-CheckpointNorm.md")]
[OutputType(typeof(CheckpointNorm))]
public sealed class GetCheckpointNormCommand : FileCommand
{
    private NormCache? cache;

    /// <summary>
    /// <para type="description">
    /// Base models: safetensors and GGUF files, folders of diffusers or transformers, and indexes of shards
    /// (model.safetensors.index.json). Wildcards are allowed.
    /// </para>
    /// </summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet
    )]
    [Alias("Checkpoint", "Base")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public override string[] Path
    {
        get => base.Path;
        set => base.Path = value;
    }

    /// <summary>
    /// <para type="description">
    /// Only these layers, by kohya's names for them (those of a language model by its own names). Wildcards are allowed. All that a LoRA
    /// or LoCon can change by default.
    /// </para>
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

    /// <inheritdoc/>
    protected override bool TakesFolders => true;

    /// <inheritdoc/>
    protected override string Activity => "Measuring base models";

    /// <inheritdoc/>
    internal override void ProcessFile(InputFile file, string place)
    {
        // Norms are measured on the processor, for every device.
        using var session = new ResizeSession("cpu", [file.Path], cache ??= NormCache.ForUser());
        foreach (Checkpoint checkpoint in session.Checkpoints)
        {
            BaseWeight[] weights = [.. Select(checkpoint)];
            WriteObject(
                Run((channel, token) => session.MeasureCheckpoint(checkpoint, weights, Refresh, channel, token)),
                enumerateCollection: true
            );
        }
    }

    private IEnumerable<BaseWeight> Select(Checkpoint checkpoint)
    {
        var patterns = new LayerPatterns(Layer);
        patterns.ReportMissing(
            this,
            checkpoint.Weights.Select(static weight => weight.Layer),
            name => $"'{checkpoint.Path}' has no weight under a layer '{name}'."
        );
        return checkpoint.Weights.Where(weight => patterns.IsMatch(weight.Layer));
    }
}
