using System.Globalization;
using System.Text;
using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Spectra;
using ScottPlot;
using SkiaSharp;

namespace ResizeLora.Pictures;

/// <summary>The whole picture: a heading with the legend, and below it for each component its spectra and its heat map.</summary>
internal static class SpectrumPicture
{
    private const int RowHeight = 430;
    private const float Margin = 24;
    private const float LineHeight = 24;
    private const float TitleHeight = 34;

    /// <summary>Draws a sheet.</summary>
    public static byte[] Render(SpectrumSheet sheet, SpectrumFormat format, int width, int? height)
    {
        DrawingLibraries.EnsureReady();
        IGrouping<Component, LayerSpectrum>[] groups = sheet
            .Layers.GroupBy(static layer => layer.Component)
            .OrderBy(static group => group.Key)
            .ToArray();
        float heading = Margin + TitleHeight + (LineHeight * (1 + sheet.Cuts.Count)) + (LineHeight / 2);
        int total = height ?? (int)heading + (RowHeight * groups.Length);
        return format == SpectrumFormat.Svg ? Svg(sheet, groups, heading, width, total) : Png(sheet, groups, heading, width, total);
    }

    private static byte[] Png(SpectrumSheet sheet, IGrouping<Component, LayerSpectrum>[] groups, float heading, int width, int height)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width, height));
        Draw(surface.Canvas, sheet, groups, heading, width, height);
        using SKPixmap pixels = surface.PeekPixels();
        using SKData data =
            pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 9))
            ?? throw new InvalidOperationException("Skia did not encode the picture.");
        return data.ToArray();
    }

    private static byte[] Svg(SpectrumSheet sheet, IGrouping<Component, LayerSpectrum>[] groups, float heading, int width, int height)
    {
        using var stream = new MemoryStream();
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(width, height), stream))
        {
            Draw(canvas, sheet, groups, heading, width, height);
        }

        // A picture that is read aloud says what it shows; Skia writes none of that.
        string text = Encoding.UTF8.GetString(stream.ToArray());
        int start = text.IndexOf('>', text.IndexOf("<svg", StringComparison.Ordinal)) + 1;
        string title = System.Security.SecurityElement.Escape($"Singular values of {Path.GetFileName(sheet.Path)}");
        return Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{text[..start]}\n<title>{title}</title>\n<desc>{Summary(sheet)}</desc>{text[start..]}"
            )
        );
    }

    private static void Draw(
        SKCanvas canvas,
        SpectrumSheet sheet,
        IGrouping<Component, LayerSpectrum>[] groups,
        float heading,
        int width,
        int height
    )
    {
        canvas.Clear(SKColors.White);
        DrawHeading(canvas, sheet, width);
        (double Lowest, double Highest) range = LogRange(sheet.Layers);
        float rowHeight = (height - heading) / Math.Max(1, groups.Length);
        float middle = width * 0.46f;
        for (int row = 0; row < groups.Length; row++)
        {
            float top = heading + (row * rowHeight);
            LayerSpectrum[] layers = [.. groups[row]];
            using Plot spectra = SpectrumPlots.Overlay(groups[row].Key, layers, sheet.Cuts, range);
            Render(canvas, spectra, new PixelRect(0, middle, top + rowHeight, top));
            using Plot map = SpectrumPlots.HeatMap(groups[row].Key, layers, sheet.Cuts, range, rowHeight);
            Render(canvas, map, new PixelRect(middle, width, top + rowHeight, top));
        }
    }

    // A plot clears all that it may draw on. It draws again when its first drawing has moved an axis, and an SVG would hold
    // both; after a drawing in memory nothing moves any more.
    private static void Render(SKCanvas canvas, Plot plot, PixelRect place)
    {
        plot.RenderInMemory((int)place.Width, (int)place.Height);
        canvas.Save();
        canvas.ClipRect(new SKRect(place.Left, place.Top, place.Right, place.Bottom));
        plot.Render(canvas, place);
        canvas.Restore();
    }

    private static string Summary(SpectrumSheet sheet) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{sheet.Layers.Count} layers, total rank {sheet.Layers.Sum(static layer => layer.Rank)}"
        );

    private static void DrawHeading(SKCanvas canvas, SpectrumSheet sheet, int width)
    {
        string family = SpectrumPlots.FontFamily;
        using var titleFont = new SKFont(SKTypeface.FromFamilyName(family, SKFontStyle.Bold), 22);
        using var font = new SKFont(SKTypeface.FromFamilyName(family), 15);
        using var paint = new SKPaint { IsAntialias = true, Color = new SKColor(0x20, 0x20, 0x20) };
        float baseline = Margin + 18;
        canvas.DrawText(
            Shorten(Path.GetFileName(sheet.Path), titleFont, width - (2 * Margin)),
            Margin,
            baseline,
            SKTextAlign.Left,
            titleFont,
            paint
        );
        baseline += TitleHeight - 4;
        float left = Margin;
        string summary = Summary(sheet);
        canvas.DrawText(summary, left, baseline, SKTextAlign.Left, font, paint);
        left += font.MeasureText(summary) + Margin;
        foreach (LayerKind kind in sheet.Layers.Select(static layer => layer.Kind).Distinct().Order())
        {
            ScottPlot.Color colour = SpectrumPlots.ColourOf(kind);
            using var line = new SKPaint
            {
                IsAntialias = true,
                Color = new SKColor(colour.Red, colour.Green, colour.Blue),
                StrokeWidth = 3,
            };
            canvas.DrawLine(left, baseline - 5, left + 26, baseline - 5, line);
            string name = SpectrumPlots.NameOf(kind);
            canvas.DrawText(name, left + 32, baseline, SKTextAlign.Left, font, paint);
            left += 32 + font.MeasureText(name) + Margin;
        }

        for (int index = 0; index < sheet.Cuts.Count; index++)
        {
            baseline += LineHeight;
            RecipeCut cut = sheet.Cuts[index];
            ScottPlot.Color colour = SpectrumPlots.ColourOfCut(index);
            using var dot = new SKPaint
            {
                IsAntialias = true,
                Color = new SKColor(colour.Red, colour.Green, colour.Blue),
                StrokeWidth = 3,
            };
            canvas.DrawLine(Margin, baseline - 5, Margin + 26, baseline - 5, dot);
            canvas.DrawCircle(Margin + 13, baseline - 5, 5, dot);
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"{cut.Recipe}  cuts here: rank {cut.KeptRank} of {sheet.Layers.Sum(static layer => layer.Rank)} stays"
            );
            canvas.DrawText(Shorten(text, font, width - (2 * Margin) - 32), Margin + 32, baseline, SKTextAlign.Left, font, paint);
        }
    }

    private static string Shorten(string text, SKFont font, float width)
    {
        int length = text.Length;
        while (length > 1 && font.MeasureText(length < text.Length ? $"{text[..length]}…" : text) > width)
        {
            length--;
        }

        return length < text.Length ? $"{text[..length]}…" : text;
    }

    // From the largest σ down to the smallest one that is promised to be accurate, or less where nothing is that small.
    private static (double Lowest, double Highest) LogRange(IReadOnlyList<LayerSpectrum> layers)
    {
        const double PromisedDecades = 4;
        double[] values = layers.SelectMany(static layer => layer.SingularValues).Where(static value => value > 0).ToArray();
        if (values.Length == 0)
        {
            return (-4, 0);
        }

        double highest = Math.Log10(values.Max());
        double lowest = Math.Max(Math.Log10(values.Min()), highest - PromisedDecades);
        return highest - lowest < 0.5 ? (highest - 0.5, highest) : (lowest, highest);
    }
}
