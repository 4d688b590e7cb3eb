using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace ResizeLora.PowerShell.Formatting;

/// <summary>
/// The cells of the module's views; called from ResizeLora.Format.ps1xml. Takes objects of the session, and ones that were
/// stored and read back, whose arrays have become lists and whose enumerations have become numbers with a name.
/// </summary>
public static class ViewText
{
    // A spectrum is drawn over this many decades below σ₁.
    private const double Decades = 3;

    private const int UsualWidth = 80;
    private const int HeadIndent = 3;

    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const string Characters = ".:-=+*#@";

    /// <summary>Draws singular values on a logarithmic scale of three decades below the largest; what is zero stays blank.</summary>
    /// <param name="spectrum">A layer with SingularValues.</param>
    /// <param name="width">The most characters to use; a shorter spectrum takes one for each value.</param>
    public static string Sparkline(PSObject spectrum, int width)
    {
        double[] values = SingularValuesOf(spectrum);
        string levels = ConsoleText.IsUnicode ? Blocks : Characters;
        int count = Math.Min(Math.Max(width, 1), values.Length);
        return string.Create(
                count,
                (values, levels),
                static (text, state) =>
                {
                    for (int index = 0; index < text.Length; index++)
                    {
                        // The largest of the values that fall to this character: the descent is seen where it begins.
                        double value = state.values[(int)((long)index * state.values.Length / text.Length)];
                        double height = 1 + (Math.Log10(value / state.values[0]) / Decades);
                        text[index] =
                            value > 0 ? state.levels[(int)Math.Clamp(height * state.levels.Length, 0, state.levels.Length - 1)] : ' ';
                    }
                }
            )
            .TrimEnd();
    }

    /// <summary>The singular values in a line, the first few of them.</summary>
    /// <param name="spectrum">A layer with SingularValues.</param>
    /// <param name="count">How many are shown.</param>
    public static string FirstValues(PSObject spectrum, int count)
    {
        double[] values = SingularValuesOf(spectrum);
        string shown = string.Join(", ", values.Take(count).Select(static value => Number(value, "g4")));
        return values.Length > count ? string.Create(CultureInfo.InvariantCulture, $"{shown}, ... ({values.Length})") : shown;
    }

    /// <summary>The kind of a layer in seven characters.</summary>
    /// <param name="layer">An object with Kind.</param>
    public static string ShortKind(PSObject layer) => Text(layer, "Kind").Replace("Convolution", "Conv", StringComparison.Ordinal);

    /// <summary>The kind of adapter that a layer is, and after an arrow the one that it is written as, where that is another.</summary>
    /// <param name="layer">An object with AdapterKind and WrittenAs.</param>
    public static string Adapter(PSObject layer)
    {
        string before = Text(layer, "AdapterKind");
        string after = Text(layer, "WrittenAs");
        return after.Length == 0 || after == before ? before : $"{before} -> {after}";
    }

    /// <summary>A dictionary of counts in a line, such as <c>LoRA 18, LoKr 2</c>.</summary>
    /// <param name="item">The object.</param>
    /// <param name="property">The property's name.</param>
    public static string Counts(PSObject item, string property)
    {
        object? value = Property(item, property);
        if ((value is PSObject wrapped ? wrapped.BaseObject : value) is not IDictionary counts)
        {
            return string.Empty;
        }

        // A stored dictionary has lost its order.
        return string.Join(", ", counts.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(name => $"{name} {counts[name]}"));
    }

    /// <summary>A property as text: the name of an enumeration's value, a recipe in the grammar.</summary>
    /// <param name="item">The object.</param>
    /// <param name="property">The property's name.</param>
    public static string Text(PSObject item, string property) => Property(item, property)?.ToString() ?? string.Empty;

    /// <summary>The end of a recipe, which says where it cuts.</summary>
    /// <param name="item">An object with Recipe.</param>
    /// <param name="width">The most characters to use.</param>
    public static string Recipe(PSObject item, int width)
    {
        string recipe = Text(item, "Recipe");
        return recipe.Length > width ? $"..{recipe[^(width - 2)..]}" : recipe;
    }

    /// <summary>The head of the measurements of a file: its path, and the curve of the sweep that they are of.</summary>
    /// <param name="measurement">The first of them.</param>
    /// <param name="width">The width of the console; 0 where it has none.</param>
    public static string SweepHead(PSObject measurement, int width)
    {
        ArgumentNullException.ThrowIfNull(measurement);
        string file = $"File: {Text(measurement, "Source")}";
        string[] lines = SweepCurve.Of(measurement.BaseObject) is { } curve
            ? [file, string.Empty, .. SweepPlot.Draw(curve.Points, (width > 0 ? width : UsualWidth) - HeadIndent, ConsoleText.IsUnicode)]
            : [file];

        // Indented as PowerShell indents the heads of groups.
        return string.Join('\n', lines.Select(static line => line.Length > 0 ? new string(' ', HeadIndent) + line : line));
    }

    /// <summary>The name of the file in a property.</summary>
    /// <param name="item">The object.</param>
    /// <param name="property">The property's name.</param>
    public static string FileName(PSObject item, string property) => Path.GetFileName(Text(item, property));

    /// <summary>A number in the invariant culture; nothing where there is none.</summary>
    /// <param name="value">The number.</param>
    /// <param name="format">How it is written.</param>
    public static string Number(object? value, string format) =>
        LanguagePrimitives.TryConvertTo(value, out double? number) && number is { } known
            ? known.ToString(format, CultureInfo.InvariantCulture)
            : string.Empty;

    /// <summary>A share in percent, without the sign; nothing where there is none.</summary>
    /// <param name="share">The share; 1 is everything.</param>
    /// <param name="format">How it is written.</param>
    public static string Percent(object? share, string format) =>
        LanguagePrimitives.TryConvertTo(share, out double? number) ? Number(100 * number, format) : string.Empty;

    /// <summary>Two sizes in MiB, with as many decimals as say something.</summary>
    /// <param name="before">A size in bytes.</param>
    /// <param name="after">Another.</param>
    public static string Sizes(long before, long after) => $"{Mebibytes(before)} -> {Mebibytes(after)}";

    /// <summary>A size in MiB, with as many decimals as say something.</summary>
    /// <param name="bytes">A size in bytes.</param>
    public static string Mebibytes(long bytes)
    {
        double size = bytes / (double)(1 << 20);
        return size.ToString(
            size < 10 ? "0.00"
                : size < 100 ? "0.0"
                : "0",
            CultureInfo.InvariantCulture
        );
    }

    private static double[] SingularValuesOf(PSObject spectrum) =>
        LanguagePrimitives.ConvertTo<double[]?>(Property(spectrum, "SingularValues")) ?? [];

    private static object? Property(PSObject item, string name)
    {
        ArgumentNullException.ThrowIfNull(item);
        return item.Properties[name]?.Value;
    }
}
