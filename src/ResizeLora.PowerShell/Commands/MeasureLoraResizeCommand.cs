using System.Management.Automation;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Measures what Resize-Lora would make of LoRA files, and writes nothing.</para>
/// <para type="description">
/// For each file and recipe the exact size that the output would have, the ranks, and what would be lost, against the LoRA and against
/// the base model; layer by layer in the property Layers. With -Threshold or -Size a recipe is tried with many values at once. Each layer
/// is decomposed once, however many recipes are tried.
/// </para>
/// </summary>
[Cmdlet(VerbsDiagnostic.Measure, "LoraResize", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Measure-LoraResize.md")]
[OutputType(typeof(ResizeMeasurement))]
public sealed class MeasureLoraResizeCommand : RecipeCommand
{
    private ResizeRecipe[]? recipes;

    /// <summary>
    /// <para type="description">Thresholds to try, each in place of the recipe's thr= or size=.</para>
    /// </summary>
    [Parameter]
    [Alias("Thr")]
    [ValidateNotNullOrEmpty]
    public double[] Threshold { get; set; } = [];

    /// <summary>
    /// <para type="description">Sizes in MiB to try, each in place of the recipe's thr= or size=.</para>
    /// </summary>
    [Parameter]
    [Alias("SizeMiB")]
    [ValidateNotNullOrEmpty]
    public double[] Size { get; set; } = [];

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
    protected override IReadOnlyList<ResizeRecipe> Recipes => recipes ?? Recipe;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        RankingCut[] cuts =
        [
            .. Threshold.Select(static value => new RankingCut { Threshold = value }),
            .. Size.Select(static value => new RankingCut { SizeMiB = value }),
        ];
        if (cuts.Length > 0)
        {
            recipes = Require(Recipe, () => Recipe.SelectMany(recipe => cuts.Select(recipe.WithCut)).ToArray());
        }

        base.BeginProcessing();
    }

    /// <inheritdoc/>
    internal override void Apply(LayerSource source)
    {
        using ResizeJob job = source.OpenJob();
        foreach (ResizeRecipe recipe in Recipes)
        {
            Attempt(source.Path, () => WriteObject(Plan(job, recipe).Measurement));
        }
    }
}
