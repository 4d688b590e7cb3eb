using System.Management.Automation;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Formatting;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Measures what Resize-Lora would make of LoRA files, and writes nothing.</para>
/// <para type="description">
/// For each file and recipe the exact size that the output would have, the ranks, and what would be lost, against the LoRA and against
/// the base model; layer by layer in the property Layers. With -Threshold, -Retain, -Loss, -Size or -Keep a recipe is tried with many
/// values at once, and from three measurements of a file on, their table begins with a curve of size and error. Each layer is decomposed
/// once, however many recipes are tried.
/// </para>
/// </summary>
[Cmdlet(VerbsDiagnostic.Measure, "LoraResize", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Measure-LoraResize.md")]
[OutputType(typeof(ResizeMeasurement))]
public sealed class MeasureLoraResizeCommand : RecipeCommand
{
    // What a sweep tries: by the recipes, and by plain singular values where there is neither a recipe nor a base model.
    private ResizeRecipe[]? sweep;
    private ResizeRecipe[]? plainSweep;

    /// <summary>
    /// <para type="description">
    /// What to keep: recipes such as 'spn_ckpt=1,thr=-1.2', several as an array or separated by colons, or objects of New-ResizeRecipe.
    /// With -Threshold, -Retain, -Loss, -Size or -Keep a recipe may be open, without a cut of its own, such as 'spn_ckpt=1'. With -Retain,
    /// -Size or -Keep, and neither a recipe nor a checkpoint, the singular values themselves are ranked. A layer is decomposed once,
    /// however many recipes there are.
    /// </para>
    /// </summary>
    [Parameter(Position = 1)]
    [RecipeTransformation(AllowsOpen = true)]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public override ResizeRecipe[] Recipe { get; set; } = [ResizeRecipe.Parse(ResizeRecipe.DefaultText)];

    /// <summary>
    /// <para type="description">
    /// Thresholds to try, each in place of the recipe's own cut; a range such as (-2..-1) is taken, too.
    /// </para>
    /// </summary>
    [Parameter]
    [Alias("Thr")]
    [RangeTransformation]
    [ValidateNotNullOrEmpty]
    public double[] Threshold { get; set; } = [];

    /// <summary>
    /// <para type="description">Sizes in MiB to try, each in place of the recipe's own cut; a range such as 8..64 is taken, too.</para>
    /// </summary>
    [Parameter]
    [Alias("SizeMiB")]
    [RangeTransformation]
    [ValidateNotNullOrEmpty]
    public double[] Size { get; set; } = [];

    /// <summary>
    /// <para type="description">
    /// Shares of the file's squared Frobenius norm to retain, such as 0.9, 0.95, 0.99, each in place of the recipe's own cut.
    /// </para>
    /// </summary>
    [Parameter]
    [RangeTransformation]
    [ValidateNotNullOrEmpty]
    public double[] Retain { get; set; } = [];

    /// <summary>
    /// <para type="description">
    /// What may be lost relative to the base model's weights, such as 0.01, 0.05, each in place of the recipe's own cut. Needs -Checkpoint.
    /// </para>
    /// </summary>
    [Parameter]
    [RangeTransformation]
    [ValidateNotNullOrEmpty]
    public double[] Loss { get; set; } = [];

    /// <summary>
    /// <para type="description">Shares of the input's size to try, such as 0.5, 0.25, each in place of the recipe's own cut.</para>
    /// </summary>
    [Parameter]
    [RangeTransformation]
    [ValidateNotNullOrEmpty]
    public double[] Keep { get; set; } = [];

    /// <summary>
    /// <para type="description">Measures files that were resized before, too.</para>
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override string Activity => "Measuring LoRA files";

    /// <inheritdoc/>
    protected override bool TakesResizedFiles => Force;

    /// <inheritdoc/>
    protected override IReadOnlyList<ResizeRecipe> Recipes =>
        sweep is null ? Recipe
        : Checkpoint is not null || BringsBaseNorms || MyInvocation.BoundParameters.ContainsKey(nameof(Recipe)) ? sweep
        : plainSweep!;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        RankingCut[] cuts =
        [
            .. Threshold.Select(static value => new RankingCut { Threshold = value }),
            .. Size.Select(static value => new RankingCut { SizeMiB = value }),
            .. Retain.Select(static value => new RankingCut { Retain = value }),
            .. Loss.Select(static value => new RankingCut { Loss = value }),
            .. Keep.Select(static value => new RankingCut { Keep = value }),
        ];
        if (cuts.Length > 0)
        {
            sweep = Require(Recipe, () => Recipe.SelectMany(recipe => cuts.Select(recipe.WithCut)).ToArray());
            plainSweep = Require(Recipe, () => Array.ConvertAll(cuts, PlainRecipe));
        }
        else
        {
            RequireCuts();
        }

        base.BeginProcessing();
    }

    /// <inheritdoc/>
    internal override void Apply(LayerSource source)
    {
        using ResizeJob job = source.OpenJob();
        var measurements = new List<ResizeMeasurement>();
        foreach (ResizeRecipe recipe in Recipes)
        {
            Attempt(source.Path, () => measurements.Add(Plan(job, recipe).Measurement));
        }

        SweepCurve.Join(measurements);
        WriteObject(measurements, enumerateCollection: true);
    }

    // A threshold says nothing of plain singular values, and a loss needs the base model: these fall back to the default recipe.
    private static ResizeRecipe PlainRecipe(RankingCut cut) =>
        cut.Threshold is null && cut.Loss is null
            ? ResizeRecipe.Create(new Dictionary<ScoreKind, double>(), cut)
            : ResizeRecipe.Parse(ResizeRecipe.DefaultText).WithCut(cut);

    // What a parameter may be follows from the others, which are not known yet where it is bound: the error is the one of binding all the
    // same.
    private void RequireCuts()
    {
        try
        {
            Array.ForEach(Recipe, static recipe => recipe.RequireCut());
        }
        catch (RecipeException exception)
        {
            string message =
                $"Cannot process argument transformation on parameter '{nameof(Recipe)}'. {exception.Message} "
                + "Or give values to try with -Threshold, -Retain, -Loss, -Size or -Keep.";
            ThrowTerminatingError(
                new ErrorRecord(
                    new ParameterBindingException(message, exception),
                    "ParameterArgumentTransformationError",
                    ErrorCategory.InvalidData,
                    Recipe
                )
            );
        }
    }
}
