using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.PowerShell.Binding;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>The base of cmdlets that apply recipes to LoRA files or layers; each layer is decomposed once for all recipes.</summary>
public abstract class RecipeCommand : LayerCommand
{
    /// <summary>
    /// <para type="description">
    /// What to keep: recipes such as 'spn_ckpt=1,thr=-1.2', several as an array or separated by colons, or objects of New-ResizeRecipe. A
    /// layer is decomposed once, however many recipes there are.
    /// </para>
    /// </summary>
    [Parameter(Position = 1)]
    [RecipeTransformation]
    [ArgumentCompleter(typeof(RecipeCompleter))]
    [ValidateNotNullOrEmpty]
    public virtual ResizeRecipe[] Recipe { get; set; } = [ResizeRecipe.Parse(ResizeRecipe.DefaultText)];

    /// <summary>
    /// <para type="description">The type of the written weights: Float16, BFloat16 or Float32; 16 and 32 are accepted.</para>
    /// </summary>
    [Parameter]
    [OutputTypeTransformation]
    public OutputType DType { get; set; }

    /// <summary>
    /// <para type="description">
    /// In which form layers are written whose kind is another than LoRA, such as LoKr, LoHa or a whole difference. Smallest: whatever is
    /// the smallest, layer by layer: a LoRA, a LoKr cut in its second half, or the layer as it is. LoRA: always as LoRA or LoCon, even
    /// where that is larger. Same: in the same kind; what has no cut within its kind stays as it is. Layers with PEFT's names, whose
    /// settings are of one kind, become LoRA, and with Same stay as they are. Layers that are LoRA already are not touched by this.
    /// </para>
    /// </summary>
    [Parameter]
    [OutputKindTransformation]
    public OutputKind OutputKind { get; set; }

    /// <inheritdoc/>
    protected override IReadOnlyList<ResizeRecipe> Recipes => Recipe;

    /// <summary>The type that is written.</summary>
    protected virtual OutputType WrittenType => DType;

    /// <summary>In which form layers of other kinds are written.</summary>
    protected virtual OutputKind WrittenKind => OutputKind;

    private TensorType WeightType =>
        WrittenType switch
        {
            OutputType.BFloat16 => TensorType.BFloat16,
            OutputType.Float32 => TensorType.Float32,
            _ => TensorType.Float16,
        };

    /// <summary>Plans one recipe.</summary>
    /// <param name="job">The file.</param>
    /// <param name="recipe">The recipe.</param>
    protected ResizePlan Plan(ResizeJob job, ResizeRecipe recipe) =>
        Run((channel, token) => job.Plan(recipe, WeightType, WrittenKind, channel, token));

    /// <summary>Describes the output of one recipe, before anything is computed.</summary>
    /// <param name="source">The file, or its layers.</param>
    /// <param name="adapter">The same, open.</param>
    /// <param name="recipe">The recipe.</param>
    private protected OutputMaking Describe(LayerSource source, Adapter adapter, ResizeRecipe recipe)
    {
        IEnumerable<string> layers =
            source.Layers?.Select(static layer => layer.Layer) ?? adapter.Layers.Select(static layer => layer.Name);
        return source.OpenSession().Describe(adapter, layers.Distinct(StringComparer.Ordinal), recipe, WeightType, WrittenKind);
    }
}
