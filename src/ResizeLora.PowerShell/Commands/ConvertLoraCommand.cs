using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Conversion;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Writes LoRA files with the names of another program, as plain LoRA, or in another type.</para>
/// <para type="description">
/// The change that the file makes to a model stays what it is: names are translated by what is known of the model's family, fused and
/// divided weights are turned into one another exactly, and where nothing but names changes every factor keeps its bytes. What the other
/// program has no names for is an error that lists it, or is left behind with -SkipUnsupported. One output a file, whole or not at all;
/// existing files are never replaced without -Force.
/// </para>
/// </summary>
[Cmdlet(
    VerbsData.Convert,
    "Lora",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Low,
    HelpUri = OnlineHelp.Pages + "Convert-Lora.md"
)]
[OutputType(typeof(LoraConversion))]
public sealed class ConvertLoraCommand : FileOrMergeCommand
{
    private OutputPlacement? placement;
    private ResizeSession? session;

    /// <summary>
    /// <para type="description">
    /// LoRA files, and folders of PEFT (adapter_model.safetensors with adapter_config.json). Wildcards are allowed; they skip files of
    /// other kinds. A measurement of Measure-LoraResize stands for the file that was measured.
    /// </para>
    /// </summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet
    )]
    [MeasuredFileTransformation]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public override string[] Path
    {
        get => base.Path;
        set => base.Path = value;
    }

    /// <summary>
    /// <para type="description">
    /// In whose words the layers are named: Kohya (sd-scripts, musubi-tuner), Diffusers, ComfyUI (the base model's own names), or Peft (a
    /// folder of adapter_model.safetensors and adapter_config.json). Without it the names stay.
    /// </para>
    /// </summary>
    [Parameter(Position = 1)]
    public LoraNaming? Naming { get; set; }

    /// <summary>
    /// <para type="description">
    /// LoRA turns every layer into a plain pair of factors, exactly: LoHa, LoKr and LoCon with a core. Without it the kinds stay.
    /// </para>
    /// </summary>
    [Parameter]
    [ValidateSet("LoRA")]
    public string? Kind { get; set; }

    /// <summary>
    /// <para type="description">
    /// The type of the factors: Float16, BFloat16 or Float32; 16 and 32 are accepted. Without it the types, and the bytes, stay.
    /// </para>
    /// </summary>
    [Parameter]
    [OutputTypeTransformation]
    public OutputType? DType { get; set; }

    /// <summary>
    /// <para type="description">
    /// The base model, whose names say where an underscored name has its dots. Needed for models of families that are not known.
    /// </para>
    /// </summary>
    [Parameter]
    [Alias("Base")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string[]? Checkpoint { get; set; }

    /// <summary>
    /// <para type="description">The folder of the outputs, made when it does not exist; by default each goes beside its input.</para>
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <summary>
    /// <para type="description">Leaves behind what cannot be written so, with a warning, instead of an error.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter SkipUnsupported { get; set; }

    /// <summary>
    /// <para type="description">
    /// Replaces existing outputs, and converts what was converted before, also where a wildcard or the pipeline brings it.
    /// </para>
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>
    /// <para type="description">Leaves out outputs that exist; one that lacks layers only where the same would be left behind.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter SkipExisting { get; set; }

    /// <inheritdoc/>
    protected override string Activity => "Converting LoRA files";

    private OutputPlacement Placement =>
        placement ??= new OutputPlacement(OutputDirectory is null ? null : FilePaths.ResolveLiteral(this, OutputDirectory));

    private ConversionSettings Settings =>
        new()
        {
            Naming = Naming,
            ToPairs = Kind is not null,
            Type = DType,
            SkipsUnsupported = SkipUnsupported,
        };

    private IReadOnlyList<Checkpoint> Checkpoints => session?.Checkpoints ?? [];

    private bool IsWhatIf =>
        MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given)
            ? LanguagePrimitives.IsTrue(given)
            : LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("WhatIfPreference"));

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Force && SkipExisting)
        {
            Refuse(
                "ForceWithSkipExisting",
                "-Force replaces existing outputs and -SkipExisting leaves them as they are: give one of the two."
            );
        }

        if (Settings.IsEmpty)
        {
            Refuse("NothingToConvert", "Say what to change: the names with -Naming, the kind with -Kind LoRA, or the type with -DType.");
        }

        if (Checkpoint is not null)
        {
            string[] paths = [.. Checkpoint.Select(path => FilePaths.ResolveLiteral(this, path)).Distinct()];
            session = Require(Checkpoint, () => new ResizeSession("cpu", paths, NormCache.ForUser()));
        }
    }

    /// <inheritdoc/>
    internal override void ProcessFile(InputFile file, string place)
    {
        Placement.Visit(file.Path);

        // What an earlier run wrote is no input, unless the user names it.
        using Adapter? adapter = LoraFileOpener.TryOpenAdapter(file.Path, takesConverted: file.IsNamed || Force, out SkipReason? reason);
        if (adapter is null)
        {
            Skip(file, reason!.Case == SkipReason.WasConverted ? $"{reason}; -Force converts it again" : reason.Text);
            return;
        }

        Process(adapter);
    }

    /// <inheritdoc/>
    protected override void Process(Adapter adapter)
    {
        if (adapter.Merge is not null)
        {
            Placement.Visit(adapter.Path);
        }

        var making = new ConversionMaking(adapter, Settings, Checkpoints);
        if (Placement.FindExisting(making) is { } existing && !Force)
        {
            ReportExisting(existing, adapter.Path);
            return;
        }

        Convert(making);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();

        // Whoever looks into a folder cleans it, also where everything is done. Only -WhatIf changes nothing.
        if (!IsWhatIf)
        {
            Run(
                (channel, _) =>
                {
                    Placement.RemoveLeftovers(channel);
                    return true;
                }
            );
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            session?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Convert(ConversionMaking making)
    {
        ConversionPlan plan = Run((channel, _) => LoraConverter.Plan(making, channel));
        string path = Placement.Place(making, threshold: null, Force);
        string verb = File.Exists(path) ? "Replace the existing file with" : "Write";
        string content = FormattableString.Invariant($"{plan.Length:N0} bytes, {plan.WrittenLayerCount} layers");
        if (!ShouldProcess(path, $"{verb} {content}"))
        {
            return;
        }

        LoraConversion result = Run(
            (channel, token) =>
            {
                Placement.Prepare(path, channel);
                return LoraConverter.Write(plan, path, Force, channel, token);
            }
        );
        WriteObject(result);
    }

    private void ReportExisting(string existing, string source)
    {
        if (SkipExisting)
        {
            WriteVerbose($"'{existing}' exists; '{source}' is not converted again.");
            return;
        }

        ErrorRecord error = EngineError.Create(OutputException.Exists(existing), source);
        (error.Exception as OutputException)!.Advise("-Force replaces it, -SkipExisting leaves it.");
        WriteError(error);
    }

    private void Refuse(string id, string message) =>
        ThrowTerminatingError(new ErrorRecord(new PSArgumentException(message), id, ErrorCategory.InvalidArgument, null));
}
