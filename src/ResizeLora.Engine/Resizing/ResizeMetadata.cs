using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResizeLora.Adapters;
using ResizeLora.Recipes;

namespace ResizeLora.Resizing;

/// <summary>The metadata of an output: all of the input's, completed as the reference program and kohya's tool complete it.</summary>
internal static class ResizeMetadata
{
    private const string DimensionKey = "ss_network_dim";
    private const string AlphaKey = "ss_network_alpha";
    private const string CommentKey = "ss_training_comment";
    private const string Dynamic = "Dynamic";

    /// <summary>The name and version of this tool, as outputs name it.</summary>
    public static string Tool { get; } = $"ResizeLora {typeof(ResizeMetadata).Assembly.GetName().Version!.ToString(3)}";

    // The hashes are put in when the data is known; their length is known before.
    private static readonly string ModelHashToCome = new('0', 64);
    private static readonly string LegacyHashToCome = new('0', 8);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Completes the metadata of a file.</summary>
    /// <param name="source">The input's.</param>
    /// <param name="making">What the output is made from and how.</param>
    /// <param name="threshold">The threshold that was used, or null.</param>
    /// <param name="highestRank">The highest rank among the input's layers.</param>
    public static Dictionary<string, string> Create(
        IReadOnlyDictionary<string, string> source,
        OutputMaking making,
        double? threshold,
        int highestRank
    )
    {
        Dictionary<string, string> metadata = WithHashesToCome(source);
        metadata[DimensionKey] = Dynamic;
        metadata[AlphaKey] = Dynamic;
        metadata[CommentKey] = string.Create(
            CultureInfo.InvariantCulture,
            $"Dynamic resize with {making.Recipe} from {highestRank}; {source.GetValueOrDefault(CommentKey)}"
        );
        metadata[Adapter.ResizeKey] = Parameters(making, threshold);
        return metadata;
    }

    /// <summary>The highest rank among the layers of a file, as the comment says it.</summary>
    /// <param name="adapter">The file.</param>
    public static int HighestRankOf(Adapter adapter) =>
        adapter.Layers.Select(static layer => (int)(layer.AlphaDivisor ?? layer.Rank)).DefaultIfEmpty(0).Max();

    /// <summary>The metadata of a file, with places for the hashes of the output.</summary>
    /// <param name="source">The input's.</param>
    public static Dictionary<string, string> WithHashesToCome(IReadOnlyDictionary<string, string> source) =>
        new(source, StringComparer.Ordinal)
        {
            [AdditionalNetworksHash.ModelKey] = ModelHashToCome,
            [AdditionalNetworksHash.LegacyKey] = LegacyHashToCome,
        };

    /// <summary>The metadata that the hashes see.</summary>
    /// <param name="metadata">All of it.</param>
    public static Dictionary<string, string> TrainingOnly(IReadOnlyDictionary<string, string> metadata) =>
        metadata
            .Where(static pair => pair.Key.StartsWith(AdditionalNetworksHash.TrainingPrefix, StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal);

    // The first keys and their order are those of the reference program's recipe object.
    private static string Parameters(OutputMaking making, double? threshold)
    {
        ResizeRecipe recipe = making.Recipe;
        var weights = new JsonObject();
        foreach ((_, string key) in RecipeKeys.Scores)
        {
            weights.Add(key, recipe.Weights.GetValueOrDefault(key));
        }

        var parameters = new JsonObject
        {
            [Adapter.RecipeKey] = recipe.ToString(),
            ["weights"] = weights,
            ["target_size"] = recipe.SizeMiB,
            ["threshold"] = threshold is { } number && double.IsFinite(number) ? number : null,
            ["rescale"] = recipe.Rescale,
            ["tool"] = Tool,
        };
        if (recipe.SvCount is { } count)
        {
            // Written even where it is the default, so that the file says how its ranks were counted.
            parameters.Add(RecipeKeys.SvCount, RecipeKeys.Of(count));
        }

        making.AddTo(parameters);
        return parameters.ToJsonString(Relaxed);
    }
}
