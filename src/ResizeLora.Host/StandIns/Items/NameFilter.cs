using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>Tells by their names which items <c>-Filter</c>, <c>-Include</c> and <c>-Exclude</c> leave.</summary>
internal sealed class NameFilter(string? filter, string[]? include, string[]? exclude)
{
    private readonly WildcardPattern? _filter = string.IsNullOrEmpty(filter) ? null : Pattern(filter);
    private readonly WildcardPattern[] _include = [.. (include ?? []).Select(Pattern)];
    private readonly WildcardPattern[] _exclude = [.. (exclude ?? []).Select(Pattern)];

    /// <summary>Whether an item of this name is left.</summary>
    public bool Admits(string name) =>
        (_filter is null || _filter.IsMatch(name))
        && (_include.Length == 0 || _include.Any(pattern => pattern.IsMatch(name)))
        && !_exclude.Any(pattern => pattern.IsMatch(name));

    private static WildcardPattern Pattern(string text) => new(text, WildcardOptions.IgnoreCase);
}
