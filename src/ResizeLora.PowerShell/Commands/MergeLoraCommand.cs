using System.Globalization;
using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Adds LoRA files up with weights, as one that Resize-Lora takes from the pipeline.</para>
/// <para type="description">
/// The sum is exact: the layers' factors are concatenated, and nothing is written or computed until the object reaches Resize-Lora or
/// Get-LoraSpectrum. Reads hardly more than headers and alphas. All files are merged, or none: any that cannot be ends the command.
/// </para>
/// </summary>
[Cmdlet(VerbsData.Merge, "Lora", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Merge-Lora.md")]
[OutputType(typeof(MergedLora))]
public sealed class MergeLoraCommand : PathCommand
{
    private const string LayerSet = "InputObject";

    private readonly List<(string Path, double? Weight)> files = [];
    private bool weightsAreForAll;

    /// <summary>
    /// <para type="description">
    /// Refused: a merge is of whole files. Without this parameter, layers from the pipeline would be taken for their files.
    /// </para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = LayerSet, DontShow = true)]
    [LayerTransformation]
    public LoraLayer[] InputObject { get; set; } = [];

    /// <summary>
    /// <para type="description">
    /// What each file's ΔW is multiplied with, in the order of the files; one number is for all of them; 1 by default. Zero leaves a file
    /// out, a weight below zero subtracts it.
    /// </para>
    /// </summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public double[] Weight { get; set; } = [1];

    /// <summary>
    /// <para type="description">
    /// What the merge is called: the beginning of its outputs' names. By default the files' names and weights, such as a@0.7+b@0.3.
    /// </para>
    /// </summary>
    [Parameter]
    [ValidatePattern("^[^\\\\/:*?\"<>|]+$")]
    public string? Name { get; set; }

    /// <summary>
    /// <para type="description">
    /// Takes whole differences of weights (diff) for layers, those of two dimensions and more. Without it a file that has some is refused.
    /// </para>
    /// </summary>
    [Parameter]
    public SwitchParameter IncludeDifference { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => weightsAreForAll = MyInvocation.BoundParameters.ContainsKey(nameof(Weight));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == LayerSet)
        {
            string layer = InputObject[0].Layer;
            Fail(
                new MergeException(
                    "Layers",
                    $"Whole files are merged, not layers such as '{layer}'. Write a file of the layers first, then merge that."
                ),
                layer
            );
        }

        var found = new List<InputFile>();
        foreach ((string path, IReadOnlyList<InputFile> named) in ResolveFiles())
        {
            found.AddRange(named);
            if (named.Count == 0)
            {
                Fail(new MergeException("Incomplete", $"'{path}' names no file, and without it the sum would be another.", path), path);
            }
        }

        double[]? weights = weightsAreForAll ? null : Spread(Weight, found.Count);
        files.AddRange(found.Select((file, index) => (file.Path, weights?[index])));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (files.Count == 0)
        {
            return;
        }

        double[]? weights = weightsAreForAll ? Spread(Weight, files.Count) : null;
        (string, double)[] weighted = files.Select((file, index) => (file.Path, file.Weight ?? weights![index])).ToArray();
        WriteObject(Require(weighted, () => Run((channel, _) => MergedLora.Create(weighted, Name, channel, IncludeDifference))));
    }

    private double[] Spread(double[] weights, int count)
    {
        if (weights.Length != 1 && weights.Length != count)
        {
            Fail(
                new MergeException(
                    "WeightCount",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"There are {weights.Length} weights for {count} files; give one for each, or one for all."
                    )
                ),
                weights
            );
        }

        return weights.Length == 1 ? Enumerable.Repeat(weights[0], count).ToArray() : weights;
    }

    private void Fail(MergeException exception, object target) => ThrowTerminatingError(EngineError.Create(exception, target));
}
