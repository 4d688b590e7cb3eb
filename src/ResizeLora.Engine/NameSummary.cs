using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Dialects;

namespace ResizeLora;

/// <summary>
/// Speaks of many layers or tensors in one short sentence: how many there are in each component, and three of their names.
/// All names go into a verbose note, since a full LoRA has a thousand layers.
/// </summary>
internal static class NameSummary
{
    private const int Shown = 3;

    // Names inside files are anybody's: one of a thousand characters must not fill the screen.
    private const int LongestName = 120;

    /// <summary>Warns of layers or tensors, and gives all their names in a verbose note where the warning cannot.</summary>
    /// <param name="progress">Takes the notes; nothing is reported to null.</param>
    /// <param name="path">The file.</param>
    /// <param name="what">What was done with them, and why, such as <c>copied unchanged</c>.</param>
    /// <param name="noun">What they are, in the singular: <c>layer</c> or <c>tensor</c>.</param>
    /// <param name="names">Their names; nothing is reported of none.</param>
    /// <param name="reasons">For each name what is particular to it, or null.</param>
    /// <param name="noteCase">The case by which the caller adds its advice, or null.</param>
    /// <param name="architecture">The architecture of the file, where the names alone may not tell it.</param>
    public static void Warn(
        IProgress<EngineEvent>? progress,
        string path,
        string what,
        string noun,
        IReadOnlyList<string> names,
        IReadOnlyList<string>? reasons = null,
        string? noteCase = null,
        Architecture? architecture = null
    )
    {
        if (progress is null || names.Count == 0)
        {
            return;
        }

        string[] texts = reasons is null ? [.. names] : WithReasons(names, reasons);
        string start = StartOf(path, what, noun, names, architecture);
        progress.Report(new EngineNote(EngineNoteLevel.Warning, start + Sample(texts)) { Case = noteCase });
        List(progress, start, texts);
    }

    /// <summary>Gives all names of layers or tensors in a verbose note, where an error has named a few of them.</summary>
    /// <param name="progress">Takes the note.</param>
    /// <param name="path">The file.</param>
    /// <param name="what">What is the matter with them.</param>
    /// <param name="noun">What they are, in the singular.</param>
    /// <param name="names">Their names.</param>
    /// <param name="reasons">For each name what is particular to it.</param>
    /// <param name="architecture">The architecture of the file, where the names alone may not tell it.</param>
    public static void List(
        IProgress<EngineEvent>? progress,
        string path,
        string what,
        string noun,
        IReadOnlyList<string> names,
        IReadOnlyList<string> reasons,
        Architecture? architecture
    ) => List(progress, StartOf(path, what, noun, names, architecture), WithReasons(names, reasons));

    /// <summary>How many there are, by component: <c>264 layers (TextEncoder1: 72, TextEncoder2: 192)</c>.</summary>
    /// <param name="names">The names of layers or tensors.</param>
    /// <param name="noun">What they are, in the singular.</param>
    /// <param name="architecture">The architecture of the file, where the names alone may not tell it.</param>
    public static string Count(IReadOnlyCollection<string> names, string noun, Architecture? architecture = null)
    {
        LayerSpelling[] spellings = [.. names.Select(LayerSpelling.Read)];
        architecture ??= AdapterReader.Recognise(spellings.Select(static spelling => (spelling, (long?)null, (long?)null)));
        IGrouping<Component, LayerSpelling>[] groups =
        [
            .. spellings.GroupBy(spelling => AdapterReader.KeyOf(spelling, architecture).Component).OrderBy(static group => group.Key),
        ];
        string number = string.Create(CultureInfo.InvariantCulture, $"{names.Count} {noun}{(names.Count == 1 ? string.Empty : "s")}");
        if (groups is [{ Key: Component.Other }])
        {
            return number;
        }

        static string Shown(IGrouping<Component, LayerSpelling> group) =>
            string.Create(CultureInfo.InvariantCulture, $"{group.Key}: {group.Count()}");
        return $"{number} ({string.Join(", ", groups.Select(Shown))})";
    }

    /// <summary>Three of the names and the number of the others: <c>a, b, c and 261 more</c>.</summary>
    /// <param name="names">The names.</param>
    public static string Sample(IReadOnlyCollection<string> names)
    {
        string shown = string.Join(", ", names.Take(Shown).Select(Cut));
        return names.Count > Shown ? string.Create(CultureInfo.InvariantCulture, $"{shown} and {names.Count - Shown} more") : shown;
    }

    /// <summary>All of the names.</summary>
    /// <param name="names">The names.</param>
    public static string All(IEnumerable<string> names) => string.Join(", ", names.Select(Cut));

    private static void List(IProgress<EngineEvent>? progress, string start, string[] texts)
    {
        if (texts.Length > Shown)
        {
            progress?.Report(new EngineNote(EngineNoteLevel.Verbose, start + string.Join(", ", texts)));
        }
    }

    private static string[] WithReasons(IReadOnlyList<string> names, IReadOnlyList<string> reasons) =>
        [.. names.Zip(reasons, static (name, reason) => $"{Cut(name)} ({reason})")];

    private static string StartOf(string path, string what, string noun, IReadOnlyList<string> names, Architecture? architecture) =>
        $"'{path}': {what}: {Count(names, noun, architecture)}: ";

    private static string Cut(string name) => name.Length <= LongestName ? name : $"{name[..LongestName]}…";
}
