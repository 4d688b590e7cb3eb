using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace ResizeLora.PowerShell.Binding;

/// <summary>
/// Takes whole numbers as a range, such as <c>8..64</c>: PowerShell makes numbers of it in parentheses, and text without them.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed partial class RangeTransformationAttribute : ArgumentTransformationAttribute
{
    // More would be a slip of the finger.
    private const int MostValues = 10_000;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? bare = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return bare switch
        {
            string text => Expand(text) ?? inputData,
            IList several => several.Cast<object?>().SelectMany(Values).ToArray(),
            _ => inputData,
        };
    }

    private static IEnumerable<object?> Values(object? item) =>
        (item is PSObject wrapped ? wrapped.BaseObject : item) switch
        {
            string text when Expand(text) is { } values => values,
            IList several => several.Cast<object?>().SelectMany(Values),
            _ => [item],
        };

    private static object?[]? Expand(string text)
    {
        Match match = RangePattern().Match(text);
        if (
            !match.Success
            || !TryParse(match.Groups["first"], out int first)
            || !TryParse(match.Groups["last"], out int last)
            || Math.Abs((long)last - first) >= MostValues
        )
        {
            return null;
        }

        int step = Math.Sign(last - first);
        return [.. Enumerable.Range(0, Math.Abs(last - first) + 1).Select(index => (object)(double)(first + (index * step)))];
    }

    private static bool TryParse(Group text, out int number) =>
        int.TryParse(text.ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    [GeneratedRegex(@"^\s*(?<first>-?[0-9]+)\.\.(?<last>-?[0-9]+)\s*$")]
    private static partial Regex RangePattern();
}
