using System.Management.Automation;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Recipes;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Makes a recipe: which singular values Resize-Lora keeps.</para>
/// <para type="description">
/// From the grammar of the reference program, or from parameters. Weights are normalised to sum 1. The object can be given wherever a
/// recipe is asked for, and its ToString() gives the grammar back.
/// </para>
/// </summary>
[Cmdlet(VerbsCommon.New, "ResizeRecipe", DefaultParameterSetName = LimitSet, HelpUri = OnlineHelp.Pages + "New-ResizeRecipe.md")]
[OutputType(typeof(ResizeRecipe))]
public sealed class NewResizeRecipeCommand : PSCmdlet
{
    private const string RecipeSet = "Recipe";
    private const string ThresholdSet = "Threshold";
    private const string RetainSet = "Retain";
    private const string LossSet = "Loss";

    // Sizes go alone, and beside a quality. Scores belong to it too, so that the engine can say what is missing beside them.
    private const string LimitSet = "Limit";

    /// <summary>
    /// <para type="description">
    /// Recipes as strings, such as 'spn_ckpt=0.7,params=0.3,size=32'; several in one string are separated by colons.
    /// </para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = RecipeSet)]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    public ResizeRecipe[] Recipe { get; set; } = [];

    /// <summary>
    /// <para type="description">The weight of spn_ckpt: σ against the largest singular value of the base weight.</para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double SpnCkpt { get; set; }

    /// <summary>
    /// <para type="description">The weight of spn_lora: σ against the largest one of the layer itself.</para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double SpnLora { get; set; }

    /// <summary>
    /// <para type="description">The weight of fro_ckpt: σ against the Frobenius norm of the base weight.</para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double FroCkpt { get; set; }

    /// <summary>
    /// <para type="description">The weight of fro_lora: σ against the Frobenius norm of the layer itself.</para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double FroLora { get; set; }

    /// <summary>
    /// <para type="description">
    /// The weight of subspace: σ against what the base weight passes from the right to the left singular vector.
    /// </para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double Subspace { get; set; }

    /// <summary>
    /// <para type="description">The weight of params: σ against the number of parameters that one more dimension costs.</para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double Params { get; set; }

    /// <summary>
    /// <para type="description">Keep dimensions whose score, a decimal logarithm, lies above this.</para>
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = ThresholdSet)]
    [Alias("Thr")]
    public double Threshold { get; set; }

    /// <summary>
    /// <para type="description">
    /// Keep the fewest dimensions, the highest scores first, that hold this share of the file's squared Frobenius norm; above 0, at most 1.
    /// Without scores the largest singular values of the file come first. -Size, -Keep and the limits of ranks may stand beside it; the
    /// stricter decides.
    /// </para>
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = RetainSet)]
    public double Retain { get; set; }

    /// <summary>
    /// <para type="description">
    /// Keep the fewest dimensions, the highest scores first, that change the base model's weights by no more than this less than the whole
    /// file does: ‖ΔW − ΔW'‖F / ‖W‖F over all layers. Needs a checkpoint; goes with what -Retain goes with.
    /// </para>
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = LossSet)]
    public double Loss { get; set; }

    /// <summary>
    /// <para type="description">
    /// Keep the dimensions with the highest scores that fit into a file of this many MiB; without scores the largest singular values.
    /// </para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    [Alias("SizeMiB")]
    public double? Size { get; set; }

    /// <summary>
    /// <para type="description">The same for a file of this share of the input's size: 0.25 is a quarter.</para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double? Keep { get; set; }

    /// <summary>
    /// <para type="description">A factor on the strength of the output; 1 leaves it alone.</para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double Rescale { get; set; } = 1;

    /// <summary>
    /// <para type="description">
    /// Keep singular values above the layer's largest one divided by this, as kohya's sv_ratio does. Needs no score; with scores the
    /// stricter decides.
    /// </para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double? SvRatio { get; set; }

    /// <summary>
    /// <para type="description">Keep this share of the layer's Frobenius norm, as kohya's sv_fro does; above 0, at most 1.</para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double? SvFro { get; set; }

    /// <summary>
    /// <para type="description">
    /// Keep this share of the sum of the layer's singular values, as kohya's sv_cumulative does; above 0, at most 1.
    /// </para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public double? SvCumulative { get; set; }

    /// <summary>
    /// <para type="description">
    /// Keep the singular values up to the knee of the layer's spectrum: the one farthest from the straight line between the first and the
    /// last, on either side. ComfyUI-KJNodes' sv_knee looks above the line only, where a spectrum that falls steeply at first has nothing.
    /// Needs no number; not affected by -SvCount.
    /// </para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public SwitchParameter SvKnee { get; set; }

    /// <summary>
    /// <para type="description">
    /// The version of kohya's script that SvRatio, SvFro and SvCumulative count as: New (since pull request 2194, merged in 2026; the
    /// default) or Old (before it: one dimension more in each layer).
    /// </para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public SvCount? SvCount { get; set; }

    /// <summary>
    /// <para type="description">
    /// The highest rank of a layer; of convolutions too unless -ConvRank is given. Goes with any other selection, and without one keeps
    /// the first dimensions.
    /// </para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public int? Rank { get; set; }

    /// <summary>
    /// <para type="description">The highest rank of a convolution, whatever its kernel.</para>
    /// </summary>
    [Parameter(ParameterSetName = LimitSet)]
    [Parameter(ParameterSetName = ThresholdSet)]
    [Parameter(ParameterSetName = RetainSet)]
    [Parameter(ParameterSetName = LossSet)]
    public int? ConvRank { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == RecipeSet)
        {
            WriteObject(Recipe, enumerateCollection: true);
            return;
        }

        var weights = new Dictionary<ScoreKind, double>();
        AddGiven(weights, ScoreKind.SpectralCheckpoint, nameof(SpnCkpt), SpnCkpt);
        AddGiven(weights, ScoreKind.SpectralLora, nameof(SpnLora), SpnLora);
        AddGiven(weights, ScoreKind.FrobeniusCheckpoint, nameof(FroCkpt), FroCkpt);
        AddGiven(weights, ScoreKind.FrobeniusLora, nameof(FroLora), FroLora);
        AddGiven(weights, ScoreKind.Subspace, nameof(Subspace), Subspace);
        AddGiven(weights, ScoreKind.Parameters, nameof(Params), Params);
        var limits = new RankLimits
        {
            SvRatio = SvRatio,
            SvFro = SvFro,
            SvCumulative = SvCumulative,
            SvKnee = SvKnee,
            SvCount = SvCount,
            Rank = Rank,
            ConvRank = ConvRank,
        };
        var cut = new RankingCut
        {
            Threshold = ParameterSetName == ThresholdSet ? Threshold : null,
            Retain = ParameterSetName == RetainSet ? Retain : null,
            Loss = ParameterSetName == LossSet ? Loss : null,
            SizeMiB = Size,
            Keep = Keep,
        };
        try
        {
            WriteObject(ResizeRecipe.Create(weights, cut, Rescale, limits));
        }
        catch (RecipeException exception)
        {
            ThrowTerminatingError(EngineError.Create(exception, exception.Recipe));
        }
    }

    private void AddGiven(Dictionary<ScoreKind, double> weights, ScoreKind kind, string parameter, double weight)
    {
        if (MyInvocation.BoundParameters.ContainsKey(parameter))
        {
            weights.Add(kind, weight);
        }
    }
}
