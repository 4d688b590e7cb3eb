namespace ResizeLora.Architectures;

/// <summary>
/// Writes the names of modules in the words of one program: the table of names, read the other way. Dots come from the templates of the
/// table, never from a guess.
/// </summary>
internal sealed class ModuleNames
{
    private const string Number = "{i}";
    private const string Rest = "{*}";

    private readonly NameTable names;
    private readonly NameTable dots;
    private readonly HashSet<string> foreignLists;

    /// <summary>Makes the names.</summary>
    /// <param name="written">The names to write, by the architecture's own words; of several for the same rows the first counts.</param>
    /// <param name="known">All aliases of the architecture.</param>
    /// <param name="modules">Further dotted names.</param>
    /// <param name="replacesLists">Whether the names to write replace the architecture's own lists of blocks.</param>
    public ModuleNames(IEnumerable<Alias> written, IEnumerable<Alias> known, IEnumerable<string> modules, bool replacesLists = false)
    {
        Alias[] all = [.. known];
        Alias[] chosen = [.. written];
        names = new NameTable(chosen.Select(static alias => new Alias(alias.Name, alias.Rows, alias.Native)));
        dots = new NameTable([
            .. all.Select(static alias => new Alias(alias.Native, default, alias.Native)),
            .. modules.Select(static module => new Alias(module, default, module)),
            .. all.Select(static alias => new Alias(alias.Name, default, alias.Name)),
        ]);
        foreignLists = replacesLists
            ? [.. ReplacedLists(chosen)]
            : [.. all.Select(static alias => ListOf(alias.Name)).Except(all.Select(static alias => ListOf(alias.Native)))];
    }

    /// <summary>The names of a module: one, or those of its parts where the program has no name for the whole.</summary>
    /// <param name="path">The module's path in the architecture's own words, underscored.</param>
    /// <param name="dotted">
    /// Gives the dots of a name that stands for itself or for <c>{*}</c>; null where they are not known.
    /// </param>
    /// <returns>The names with their rows, a name null where its dots are not known; none where the program has no such module.</returns>
    public IReadOnlyList<(RowSelection Rows, string? Name)> Of(string path, Func<string, string?> dotted)
    {
        if (names.Find(path) is not { } found)
        {
            bool isForeign = foreignLists.Any(list => path.StartsWith(list + '_', StringComparison.Ordinal));
            return isForeign ? [] : [(default, dotted(path))];
        }

        Alias[] parts = [.. found.Aliases.Where(IsPart).DistinctBy(static alias => alias.Rows)];
        Alias[] written = parts.Length > 0 ? parts : [found.Aliases[0]];
        return [.. written.Select(alias => (alias.Rows, Fill(alias.Native, found.Captured, dotted)))];
    }

    /// <summary>The dots of an underscored name.</summary>
    /// <param name="path">The name.</param>
    /// <returns>The dotted name, or null where no template knows it.</returns>
    public string? Dotted(string path)
    {
        if (!path.Contains('_', StringComparison.Ordinal))
        {
            return path;
        }

        // The first alias of a template is the native one.
        return dots.Find(path) is { } found ? Fill(found.Aliases[0].Native, found.Captured, Dotted) : null;
    }

    // The lists of blocks, such as double_blocks, that have no module of their own name in the other words.
    private static IEnumerable<string> ReplacedLists(Alias[] written) =>
        written
            .DistinctBy(static alias => alias.Native)
            .GroupBy(static alias => ListOf(alias.Native), StringComparer.Ordinal)
            .Where(static list => list.All(alias => ListOf(alias.Name) != list.Key))
            .Select(static list => list.Key);

    private static bool IsPart(Alias alias) => !alias.Rows.IsWhole && alias.Rows.Count == 1;

    private static string ListOf(string template) => template.Split('.')[0];

    private static string? Fill(string template, IReadOnlyList<string> captured, Func<string, string?> dotted)
    {
        int next = 0;
        string[] segments = template.Split('.');
        for (int index = 0; index < segments.Length; index++)
        {
            if (segments[index] == Rest)
            {
                if (dotted(captured[next++]) is not { } rest)
                {
                    return null;
                }

                segments[index] = rest;
            }
            else if (segments[index] == Number)
            {
                segments[index] = captured[next++];
            }
        }

        return string.Join('.', segments);
    }
}
