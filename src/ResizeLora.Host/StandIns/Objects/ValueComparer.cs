using System.Globalization;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>PowerShell's order of values: as numbers or dates where they are, else as text of the user's culture.</summary>
internal sealed class ValueComparer(bool caseSensitive) : IComparer<object?>
{
    public int Compare(object? first, object? second) =>
        LanguagePrimitives.TryCompare(first, second, !caseSensitive, CultureInfo.CurrentCulture, out int order)
            ? order
            : CultureInfo.CurrentCulture.CompareInfo.Compare(TextOf(first), TextOf(second), caseSensitive ? CompareOptions.None : CompareOptions.IgnoreCase);

    /// <summary>A comparer of rows of values, the first difference deciding.</summary>
    public IComparer<object?[]> OfRows(IReadOnlyList<bool> descending) =>
        Comparer<object?[]>.Create((first, second) =>
        {
            for (int index = 0; index < descending.Count; index++)
            {
                int order = Compare(first[index], second[index]);
                if (order != 0)
                {
                    return descending[index] ? -order : order;
                }
            }

            return 0;
        });

    private static string? TextOf(object? value) => value is null ? null : PSObject.AsPSObject(value).ToString();
}
