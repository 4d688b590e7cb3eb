using System.Text.Json;
using System.Text.Json.Nodes;
using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Recipes;

namespace ResizeLora.Resizing;

/// <summary>What an output is made from and how. Its metadata keeps it, so that it can be told from an output made otherwise.</summary>
public sealed class OutputMaking : OutputDescription
{
    private const string SourceKey = "source";
    private const string SourceContentKey = "source_content";
    private const string LayersKey = "layers";
    private const string TypeKey = "dtype";
    private const string KindKey = "output_kind";
    private const string CheckpointKey = "checkpoint";
    private const string CheckpointContentKey = "checkpoint_content";

    private readonly Adapter adapter;
    private readonly string layers;
    private readonly (string Name, string Content)? checkpoint;

    /// <summary>Describes an output.</summary>
    /// <param name="adapter">The LoRA; it stays open while outputs are compared.</param>
    /// <param name="layers">The names of the layers that take part.</param>
    /// <param name="checkpoint">The base model's file name and content key; null where the output does not depend on one.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="type">The type that factors are written in.</param>
    /// <param name="kind">In which form layers of other kinds are written.</param>
    internal OutputMaking(
        Adapter adapter,
        IEnumerable<string> layers,
        (string Name, string Content)? checkpoint,
        ResizeRecipe recipe,
        TensorType type,
        OutputKind kind
    )
    {
        this.adapter = adapter;
        this.layers = KeyOf(layers);
        this.checkpoint = checkpoint;
        Recipe = recipe;
        Type = type;
        Kind = kind;
    }

    /// <inheritdoc/>
    public override string SourcePath => adapter.Path;

    /// <inheritdoc/>
    public override bool IsPeftFolder => adapter.SettingsText is not null;

    /// <inheritdoc/>
    public override string SourceFolder => IsPeftFolder ? Parent(Parent(SourcePath)) : Parent(SourcePath);

    /// <summary>The LoRA's name without an extension; of one of PEFT its folder's name.</summary>
    public string SourceName => IsPeftFolder ? Path.GetFileName(Parent(SourcePath)) : Path.GetFileNameWithoutExtension(SourcePath);

    /// <summary>The recipe.</summary>
    public ResizeRecipe Recipe { get; }

    /// <summary>The type that factors are written in.</summary>
    public TensorType Type { get; }

    /// <summary>In which form layers are written whose kind is another than LoRA.</summary>
    public OutputKind Kind { get; }

    /// <summary>Whether the form makes a difference: layers that are LoRA already are written as such.</summary>
    internal bool HasChoice => OtherKinds.Any();

    /// <summary>The form as far as it makes a difference: with PEFT's names the smallest is LoRA in any case.</summary>
    internal OutputKind Choice => Kind == OutputKind.LoRA && OtherKinds.All(static layer => layer.IsOfPeft) ? OutputKind.Smallest : Kind;

    private IEnumerable<AdapterLayer> OtherKinds => adapter.Layers.Where(static layer => layer.StoredTensors is not null);

    /// <summary>Adds what is not of the recipe to the parameters in an output's metadata.</summary>
    /// <param name="parameters">The parameters.</param>
    internal void AddTo(JsonObject parameters)
    {
        parameters[SourceKey] = Path.GetFileName(SourcePath);
        parameters[SourceContentKey] = adapter.ContentKey;
        parameters[LayersKey] = layers;
        parameters[TypeKey] = TensorTypes.NameOf(Type);
        if (HasChoice)
        {
            parameters[KindKey] = Choice.ToString();
        }

        if (checkpoint is { } known)
        {
            parameters[CheckpointKey] = known.Name;
            parameters[CheckpointContentKey] = known.Content;
        }
    }

    /// <inheritdoc/>
    internal override double? NamedThreshold => Recipe.Threshold;

    /// <inheritdoc/>
    internal override bool HasOpenName => Recipe.Cut.IsFound;

    /// <inheritdoc/>
    internal override IReadOnlyList<string> NamesFor(double? threshold) => OutputNames.Of(this, threshold);

    /// <inheritdoc/>
    internal override IEnumerable<string> CountedNamesFor(double? threshold) => OutputNames.Counted(this, threshold);

    /// <inheritdoc/>
    internal override bool MayBeNamed(string name) => OutputNames.MayBe(name, this);

    /// <inheritdoc/>
    internal override (bool Source, bool Way) Compare(string path)
    {
        SafetensorsHeader header;
        try
        {
            using var file = SafetensorsFile.Open(path);
            header = file.Header;
        }
        catch (Exception exception)
            when (exception is SafetensorsException or NotLocalException or IOException or UnauthorizedAccessException)
        {
            return (true, true);
        }

        if (header.Metadata.GetValueOrDefault(Adapter.ResizeKey) is not { } text || Parse(text) is not { } parameters)
        {
            return (true, true);
        }

        bool Agrees(string key, string? mine) => mine is null || Text(parameters, key) is not { } theirs || theirs == mine;
        bool way =
            AgreesRecipe(parameters)
            && AgreesType(Text(parameters, TypeKey), header)
            && Agrees(LayersKey, layers)
            && (!HasChoice || Agrees(KindKey, Choice.ToString()))
            && Agrees(CheckpointContentKey, checkpoint?.Content);

        // The key takes a few reads of the source, for which there is no need where the output is of an earlier version.
        bool source = Text(parameters, SourceContentKey) is not { } content || content == adapter.ContentKey;
        return (source, way);
    }

    private static string Parent(string path) => Path.GetDirectoryName(path) ?? path;

    private bool AgreesRecipe(JsonObject parameters)
    {
        if (Text(parameters, Adapter.RecipeKey) is not { } theirs)
        {
            return true;
        }

        // Outputs that do not say how they count are of versions that knew the old way only.
        string theirCount = Text(parameters, RecipeKeys.SvCount) ?? RecipeKeys.Of(SvCount.Old);
        bool counts = Recipe.SvCount is not { } count || theirCount == RecipeKeys.Of(count);
        try
        {
            return counts && ResizeRecipe.Parse(theirs).ToString() == Recipe.ToString();
        }
        catch (RecipeException)
        {
            return false;
        }
    }

    // Outputs of earlier versions and of the reference program do not say their type, but their factors have it.
    private bool AgreesType(string? theirs, SafetensorsHeader header)
    {
        if (theirs is not null)
        {
            return theirs == TensorTypes.NameOf(Type);
        }

        static bool IsFactor(TensorEntry tensor) => AdapterTensorName.Parse(tensor.Name) is { Part: AdapterPart.Up };
        TensorEntry[] factors = header.Tensors.Where(IsFactor).ToArray();
        return factors.Length == 0 || factors.Any(tensor => tensor.Type == Type);
    }

    /// <summary>Reads the parameters in a file's metadata.</summary>
    /// <param name="text">The text, of anybody.</param>
    /// <returns>The parameters, or null where the text is no object.</returns>
    internal static JsonObject? Parse(string text)
    {
        try
        {
            // Names that come twice are found only when the object is looked into.
            return JsonNode.Parse(text) is JsonObject { Count: >= 0 } parameters ? parameters : null;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A parameter that is a text; null where there is none.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="key">Which.</param>
    internal static string? Text(JsonObject parameters, string key) =>
        parameters[key] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
