using ResizeLora.Files;
using ResizeLora.Recipes;

namespace ResizeLora.Resizing;

/// <summary>What a recipe makes of a file, before anything is written: what each layer keeps, what it costs, what is lost.</summary>
public sealed class ResizePlan
{
    /// <summary>What embeddings beside the layers are called among the kinds that are copied.</summary>
    internal const string EmbeddingKind = "Embedding";

    internal ResizePlan(
        OutputMaking making,
        double? threshold,
        IReadOnlyList<double> scoreQuantiles,
        IReadOnlyList<LayerPlan> layers,
        IReadOnlyList<(OutputPair Pair, OutputForm Form)> pairs,
        IReadOnlyList<TensorEntry> copied,
        IReadOnlyList<string> passedThrough,
        IReadOnlyDictionary<string, int> copiedKinds,
        SafetensorsLayout layout,
        long sourceLength
    )
    {
        Making = making;
        Threshold = threshold;
        ScoreQuantiles = scoreQuantiles;
        Layers = layers;
        Pairs = pairs;
        Copied = copied;
        CopiedKinds = copiedKinds;
        Layout = layout;
        Measurement = new ResizeMeasurement(this, passedThrough, sourceLength);
    }

    /// <summary>What the output is made from and how.</summary>
    public OutputMaking Making { get; }

    /// <summary>The LoRA file.</summary>
    public string SourcePath => Making.SourcePath;

    /// <summary>The recipe.</summary>
    public ResizeRecipe Recipe => Making.Recipe;

    /// <summary>The threshold that separates; found, where the recipe asks for a size or a quality; null where it ranks nothing.</summary>
    public double? Threshold { get; }

    /// <summary>
    /// The scores at the shares <see cref="ScoreQuantile.Shares"/> of all dimensions, to see where a threshold would cut; empty when no
    /// layer has a score.
    /// </summary>
    public IReadOnlyList<double> ScoreQuantiles { get; }

    /// <summary>What the output would be, in numbers.</summary>
    public ResizeMeasurement Measurement { get; }

    /// <summary>What becomes of each layer, in the order of the file.</summary>
    public IReadOnlyList<LayerPlan> Layers { get; }

    /// <summary>The size of the output in bytes, exactly.</summary>
    public long Length => Layout.FileLength;

    /// <summary>Whether the output would hold what the input holds: every layer with all its dimensions, strength and type.</summary>
    public bool ChangesNothing { get; internal init; }

    /// <summary>Refuses a plan that keeps nothing.</summary>
    /// <exception cref="OutputException">No layer would stay.</exception>
    public void RequireContent()
    {
        if (Measurement.LayersKept == 0)
        {
            throw OutputException.NothingKept(SourcePath, Recipe.ToString(), ScoreQuantiles.Count > 0 ? ScoreQuantiles[^1] : null);
        }
    }

    /// <summary>The settings to write beside the output of a PEFT folder; null for other files.</summary>
    internal string? PeftSettings { get; init; }

    /// <summary>The pairs of factors that the layers are of, and how each is written.</summary>
    internal IReadOnlyList<(OutputPair Pair, OutputForm Form)> Pairs { get; }

    /// <summary>How many layers of each kind are copied because nothing of them can be resized.</summary>
    internal IReadOnlyDictionary<string, int> CopiedKinds { get; }

    /// <summary>Tensors copied as they are.</summary>
    internal IReadOnlyList<TensorEntry> Copied { get; }

    /// <summary>The type of the written weights.</summary>
    public OutputType OutputType =>
        DataType switch
        {
            TensorType.BFloat16 => OutputType.BFloat16,
            TensorType.Float32 => OutputType.Float32,
            _ => OutputType.Float16,
        };

    /// <summary>The type that factors are written in.</summary>
    internal TensorType DataType => Making.Type;

    /// <summary>Where every byte of the output will lie.</summary>
    internal SafetensorsLayout Layout { get; }
}
