using System.Text.Json;

namespace ResizeLora.Tests;

/// <summary>The golden case: what the reference program makes of the sample, with σ and base norms in float64.</summary>
internal static class GoldenCase
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden");

    public static string LoraPath { get; } = Path.Combine(Folder, "lora.safetensors");

    public static string BasePath { get; } = Path.Combine(Folder, "base.safetensors");

    public static JsonElement Expected { get; } = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "expected.json"))).RootElement;

    /// <summary>The ranks that kohya's tool gives since pull request 2194.</summary>
    public static JsonElement Kohya { get; } = RecipesOf("expected-kohya-counts.json");

    /// <summary>The ranks that it gave before.</summary>
    public static JsonElement KohyaBefore { get; } = RecipesOf("expected-kohya.json");

    public static IEnumerable<string> Recipes => Expected.GetProperty("recipes").EnumerateObject().Select(recipe => recipe.Name);

    public static double[] Numbers(JsonElement array) =>
        array
            .EnumerateArray()
            .Select(number => number.ValueKind == JsonValueKind.Number ? number.GetDouble() : double.NegativeInfinity)
            .ToArray();

    private static JsonElement RecipesOf(string file) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, file))).RootElement.GetProperty("recipes");
}
