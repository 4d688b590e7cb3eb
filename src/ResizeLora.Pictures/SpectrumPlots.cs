using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Spectra;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace ResizeLora.Pictures;

/// <summary>The two views of one component: its spectra over one another, and its layers one below the other.</summary>
internal static class SpectrumPlots
{
    // Of Okabe and Ito's palette, which the colour-blind tell apart; the cuts use what the kinds leave.
    private static readonly Color[] KindColours =
    [
        Color.FromHex("#0072B2"),
        Color.FromHex("#009E73"),
        Color.FromHex("#E69F00"),
        Color.FromHex("#999999"),
    ];
    private static readonly Color[] CutColours =
    [
        Color.FromHex("#D55E00"),
        Color.FromHex("#CC79A7"),
        Color.FromHex("#000000"),
        Color.FromHex("#56B4E9"),
        Color.FromHex("#F0E442"),
    ];

    // The rows of a heat map that a tick label needs.
    private const float LabelHeight = 17;

    /// <summary>A font that is there: one that people know, or any.</summary>
    public static string FontFamily { get; } = ChooseFont();

    /// <summary>The colour of a kind's lines.</summary>
    public static Color ColourOf(LayerKind kind) => KindColours[Math.Min((int)kind, KindColours.Length - 1)];

    /// <summary>The colour of a recipe's cut.</summary>
    public static Color ColourOfCut(int index) => CutColours[index % CutColours.Length];

    /// <summary>A kind in words.</summary>
    public static string NameOf(LayerKind kind) =>
        kind switch
        {
            LayerKind.Linear => "linear",
            LayerKind.Convolution1x1 => "convolution 1x1",
            LayerKind.Convolution3x3 => "convolution 3x3",
            _ => "convolution",
        };

    /// <summary>σ over rank of all layers, with a dot at the last dimension that each recipe keeps of each.</summary>
    public static Plot Overlay(
        Component component,
        LayerSpectrum[] layers,
        IReadOnlyList<RecipeCut> cuts,
        (double Lowest, double Highest) range
    )
    {
        Plot plot = Create($"{component}: singular values of {layers.Length} layers", "rank", "σ");

        // The more lines there are, the more each lets the others through.
        double opacity = Math.Clamp(6 / Math.Sqrt(Math.Max(1, layers.Length)) / 3, 0.12, 0.8);
        foreach (LayerSpectrum layer in layers)
        {
            double[] logarithms = layer.SingularValues.Where(static value => value > 0).Select(Math.Log10).ToArray();
            if (logarithms.Length > 0)
            {
                ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(
                    Enumerable.Range(1, logarithms.Length).Select(static rank => (double)rank).ToArray(),
                    logarithms,
                    ColourOf(layer.Kind).WithAlpha(opacity)
                );
                line.LineWidth = 1.5f;
            }
        }

        for (int index = 0; index < cuts.Count; index++)
        {
            var marks = new List<Coordinates>();
            foreach (LayerSpectrum layer in layers)
            {
                if (
                    cuts[index].Kept.TryGetValue(layer.Layer, out IReadOnlyList<int>? kept)
                    && kept.Count > 0
                    && layer.SingularValues[kept[^1]] > 0
                )
                {
                    marks.Add(new Coordinates(kept[^1] + 1, Math.Log10(layer.SingularValues[kept[^1]])));
                }
            }

            if (marks.Count > 0)
            {
                ScottPlot.Plottables.Markers dots = plot.Add.Markers(
                    marks.ToArray(),
                    MarkerShape.FilledCircle,
                    6,
                    ColourOfCut(index).WithAlpha(0.85)
                );
                dots.MarkerStyle.OutlineColor = Colors.White;
                dots.MarkerStyle.OutlineWidth = 0.5f;
            }
        }

        plot.Axes.Left.TickGenerator = LogTicks();
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        int highestRank = layers.Max(static layer => layer.SingularValues.Length);
        double border = 0.04 * (range.Highest - range.Lowest);
        plot.Axes.SetLimits(1 - (0.03 * highestRank), (1.03 * highestRank) + 0.5, range.Lowest - border, range.Highest + border);
        plot.Grid.YAxisStyle.MinorLineStyle.Color = Colors.Black.WithOpacity(0.05);
        plot.Grid.YAxisStyle.MinorLineStyle.Width = 1;
        return plot;
    }

    /// <summary>
    /// log σ of layers × rank, the layers from the top down as the file has them, with the line along which each recipe cuts.
    /// </summary>
    public static Plot HeatMap(
        Component component,
        LayerSpectrum[] layers,
        IReadOnlyList<RecipeCut> cuts,
        (double Lowest, double Highest) range,
        float height
    )
    {
        Plot plot = Create($"{component}: σ by layer and rank", "rank", string.Empty);
        int columns = layers.Max(static layer => layer.SingularValues.Length);

        // ScottPlot knows the size of a cell from its neighbours' distance: there are always two, the second perhaps out of view.
        double[,] logarithms = new double[Math.Max(2, layers.Length), Math.Max(2, columns)];
        for (int row = 0; row < logarithms.GetLength(0); row++)
        {
            for (int column = 0; column < logarithms.GetLength(1); column++)
            {
                double[] values = row < layers.Length ? layers[row].SingularValues : [];
                logarithms[row, column] =
                    column >= values.Length ? double.NaN
                    : values[column] > 0 ? Math.Max(Math.Log10(values[column]), range.Lowest)
                    : range.Lowest;
            }
        }

        ScottPlot.Plottables.Heatmap map = plot.Add.Heatmap(logarithms);
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        map.ManualRange = new ScottPlot.Range(range.Lowest, range.Highest);
        map.NaNCellColor = Color.FromHex("#E8E8E8");
        map.Position = new CoordinateRect(1, logarithms.GetLength(1), layers.Length - logarithms.GetLength(0) + 0.5, layers.Length - 0.5);
        map.Update();
        for (int index = 0; index < cuts.Count; index++)
        {
            AddCut(plot, layers, cuts[index], ColourOfCut(index));
        }

        ScottPlot.Panels.ColorBar bar = plot.Add.ColorBar(map);
        bar.Axis.TickGenerator = LogTicks();
        bar.Axis.TickLabelStyle.FontName = FontFamily;
        bar.Axis.TickLabelStyle.FontSize = 13;
        plot.HideGrid();
        plot.Axes.Left.TickGenerator = BlockTicks(layers, height);
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        plot.Axes.SetLimits(0.5, columns + 0.5, 0, layers.Length);
        return plot;
    }

    private static void AddCut(Plot plot, LayerSpectrum[] layers, RecipeCut cut, Color colour)
    {
        var path = new List<Coordinates>();
        void Finish()
        {
            if (path.Count > 0)
            {
                // White around it, since no colour is far from all of the map's.
                foreach ((float width, Color over) in ((float, Color)[])[(4.5f, Colors.White), (2.5f, colour)])
                {
                    ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(path.ToArray(), over);
                    line.LineWidth = width;
                }

                path.Clear();
            }
        }

        for (int row = 0; row < layers.Length; row++)
        {
            if (!cut.Kept.TryGetValue(layers[row].Layer, out IReadOnlyList<int>? kept))
            {
                Finish();
                continue;
            }

            path.Add(new Coordinates(kept.Count + 0.5, layers.Length - row));
            path.Add(new Coordinates(kept.Count + 0.5, layers.Length - row - 1));
        }

        Finish();
    }

    private static NumericManual BlockTicks(LayerSpectrum[] layers, float height)
    {
        const float AxesHeight = 90;
        var ticks = new NumericManual();
        double rowsForLabel = LabelHeight * layers.Length / Math.Max(1, height - AxesHeight);
        double free = double.PositiveInfinity;
        for (int start = 0, end; start < layers.Length; start = end)
        {
            end = start + 1;
            while (end < layers.Length && layers[end].Block == layers[start].Block)
            {
                end++;
            }

            // A label stands at the middle of its block, where the one above leaves room.
            double middle = layers.Length - ((start + end) / 2.0);
            if (free - middle >= rowsForLabel)
            {
                string name = layers[start].Block.Length > 0 ? layers[start].Block : "other";
                ticks.AddMajor(middle, name);
                free = middle;
            }
        }

        return ticks;
    }

    private static NumericAutomatic LogTicks() =>
        new()
        {
            MinorTickGenerator = new LogMinorTickGenerator(),
            IntegerTicksOnly = true,
            LabelFormatter = static exponent =>
                exponent is > -4 and < 5
                    ? Math.Pow(10, exponent).ToString("0.####", CultureInfo.InvariantCulture)
                    : string.Create(CultureInfo.InvariantCulture, $"1e{exponent:0}"),
        };

    private static Plot Create(string title, string bottom, string left)
    {
        var plot = new Plot();
        plot.FigureBackground.Color = Colors.White;
        plot.DataBackground.Color = Colors.White;
        plot.Title(title, 16);
        plot.XLabel(bottom, 14);
        plot.YLabel(left, 14);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 13;
        plot.Axes.Left.TickLabelStyle.FontSize = 13;
        plot.Axes.Bottom.MinorTickStyle.Length = 0;
        plot.Font.Set(FontFamily);
        return plot;
    }

    private static string ChooseFont()
    {
        string[] families = [.. SKFontManager.Default.FontFamilies];
        string[] known = ["Segoe UI", "Helvetica Neue", "DejaVu Sans", "Noto Sans", "Liberation Sans", "Arial"];
        return known.FirstOrDefault(name => families.Contains(name, StringComparer.OrdinalIgnoreCase))
            ?? families.FirstOrDefault()
            ?? Fonts.Default;
    }
}
