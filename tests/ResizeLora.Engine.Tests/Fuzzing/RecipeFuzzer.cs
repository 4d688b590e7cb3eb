using System.Globalization;
using ResizeLora.Recipes;

namespace ResizeLora.Tests.Fuzzing;

/// <summary>Makes recipes that are almost right: keys of the grammar with numbers, and then a few changes that know it.</summary>
internal static class RecipeFuzzer
{
    private static readonly string[] NastyValues =
    [
        "",
        "0",
        "-0",
        "1",
        "-1",
        "inf",
        "-inf",
        "nan",
        "1e308",
        "-1e308",
        "5e-324",
        "1e999",
        "1e-999",
        "0x10",
        "1,5",
        "1.5.5",
        "+",
        "-",
        ".",
        "1e",
        "٣",
        "１",
        "1_000",
        " 2 ",
        "--1",
        "true",
        "null",
        "1;2",
        "=",
        "==",
    ];

    private static readonly string[] NastyText =
    [
        ",",
        ",,",
        "=",
        ":",
        "::",
        " ",
        "\t",
        "\0",
        "é",
        "\ud800",
        "\u202e",
        "\"",
        "{}",
        "%s",
        "../",
        "thr",
        "size",
    ];

    /// <summary>The next text.</summary>
    public static string Next(Random random)
    {
        string[] recipes = [.. Enumerable.Range(0, random.Next(8) == 0 ? random.Next(2, 5) : 1).Select(_ => One(random))];
        string text = string.Join(':', recipes);
        for (int change = random.Next(4) == 0 ? random.Next(1, 4) : 0; change > 0 && text.Length > 0; change--)
        {
            int position = random.Next(text.Length);
            text = random.Next(3) switch
            {
                0 => text.Remove(position, Math.Min(random.Next(1, 6), text.Length - position)),
                1 => text.Insert(position, NastyText[random.Next(NastyText.Length)]),
                _ => text.Insert(
                    position,
                    string.Concat(Enumerable.Repeat(NastyText[random.Next(NastyText.Length)], 1 << random.Next(12)))
                ),
            };
        }

        return text;
    }

    private static string One(Random random)
    {
        // Mostly what a recipe is: some scores, and where to cut; then any key of the grammar, whatever it comes to hold.
        string[] scores = [.. RecipeKeys.Scores.Select(static score => score.Key)];
        random.Shuffle(scores);
        var parts = scores.Take(random.Next(4)).Select(key => random.Next(3) == 0 ? key : $"{key}={Number(random)}").ToList();
        string[] others = [.. RecipeKeys.All.Except(scores)];
        for (int count = random.Next(4) == 0 ? random.Next(4) : 1; count > 0; count--)
        {
            parts.Add($"{others[random.Next(others.Length)]}={Number(random)}");
        }

        if (random.Next(6) == 0)
        {
            parts.Add($"{RecipeKeys.All[random.Next(RecipeKeys.All.Count)]}={NastyValues[random.Next(NastyValues.Length)]}");
        }

        string[] ordered = [.. parts];
        random.Shuffle(ordered);
        string text = string.Join(random.Next(10) == 0 ? " , " : ",", ordered);
        return random.Next(10) == 0 ? text.ToUpperInvariant() : text;
    }

    private static string Number(Random random) =>
        random.Next(8) switch
        {
            0 => NastyValues[random.Next(NastyValues.Length)],
            1 => random.Next(-4, 200).ToString(CultureInfo.InvariantCulture),
            2 => (random.NextDouble() * Math.Pow(10, random.Next(-12, 12))).ToString("R", CultureInfo.InvariantCulture),
            3 => (-random.NextDouble() * 4).ToString("R", CultureInfo.InvariantCulture),
            _ => random.NextDouble().ToString("0.##", CultureInfo.InvariantCulture),
        };
}
