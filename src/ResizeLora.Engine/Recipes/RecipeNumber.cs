using System.Globalization;

namespace ResizeLora.Recipes;

/// <summary>Numbers as recipes and file names spell them, whatever the culture of the console.</summary>
public static class RecipeNumber
{
    /// <summary>The shortest text that gives the number back; infinities as Python spells them.</summary>
    /// <param name="value">The number.</param>
    public static string Exact(double value) =>
        double.IsInfinity(value) ? (value > 0 ? "inf" : "-inf") : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Two decimals without trailing zeros, as the reference program's <c>f"{v:.2f}".rstrip("0").rstrip(".")</c>.</summary>
    /// <param name="value">The number.</param>
    public static string Short(double value)
    {
        if (!double.IsFinite(value))
        {
            return Exact(value);
        }

        // Python rounds exact ties to even and .NET away from zero; only odd multiples of 1/8 are exact ties at two decimals.
        bool tie = Math.Abs(value) < 1e15 && Math.Abs(value * 8 % 2) == 1;
        string text = tie
            ? Math.Round((decimal)value, 2, MidpointRounding.ToEven).ToString("F2", CultureInfo.InvariantCulture)
            : value.ToString("F2", CultureInfo.InvariantCulture);
        return text.TrimEnd('0').TrimEnd('.');
    }
}
