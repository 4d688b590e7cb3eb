using System.Globalization;
using System.Text;
using ResizeLora.Files;
using ResizeLora.Spectra;

namespace ResizeLora.Pictures;

/// <summary>The numbers of a sheet as text, with the shortest digits that give every number back exactly.</summary>
internal static class SpectrumTable
{
    /// <summary>One row for each singular value; for each recipe a column that says whether it keeps it.</summary>
    public static byte[] Csv(SpectrumSheet sheet)
    {
        var text = new StringBuilder();
        string[] titles =
        [
            "Layer",
            "Component",
            "Block",
            "Kind",
            "AdapterKind",
            "OutFeatures",
            "InFeatures",
            "Rank",
            "Alpha",
            "BaseSpectralNorm",
            "BaseFrobeniusNorm",
            "Dimension",
            "SingularValue",
        ];
        AppendRow(text, [.. titles, .. sheet.Cuts.Select(static cut => $"Kept by {cut.Recipe}")]);
        foreach (LayerSpectrum layer in sheet.Layers)
        {
            for (int dimension = 0; dimension < layer.SingularValues.Length; dimension++)
            {
                string[] cells =
                [
                    layer.Layer,
                    layer.Component.ToString(),
                    layer.Block,
                    layer.Kind.ToString(),
                    layer.AdapterKind.ToString(),
                    Number(layer.OutFeatures),
                    Number(layer.InFeatures),
                    Number(layer.Rank),
                    Number(layer.Alpha),
                    Number(layer.BaseSpectralNorm),
                    Number(layer.BaseFrobeniusNorm),
                    Number(dimension + 1),
                    Number(layer.SingularValues[dimension]),
                ];
                AppendRow(
                    text,
                    [
                        .. cells,
                        .. sheet.Cuts.Select(cut =>
                            cut.Kept.TryGetValue(layer.Layer, out IReadOnlyList<int>? kept)
                                ? kept.Contains(dimension).ToString()
                                : string.Empty
                        ),
                    ]
                );
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>One object for the file, with its recipes and its layers.</summary>
    public static byte[] Json(SpectrumSheet sheet)
    {
        var content = new
        {
            path = sheet.Path,
            recipes = sheet.Cuts.Select(static cut => new
            {
                recipe = cut.Recipe.ToString(),
                threshold = cut.Threshold is { } finite && double.IsFinite(finite) ? cut.Threshold : null,
                keptRank = cut.KeptRank,
            }),
            layers = sheet.Layers.Select(layer => new
            {
                layer = layer.Layer,
                component = layer.Component.ToString(),
                block = layer.Block,
                kind = layer.Kind.ToString(),
                adapterKind = layer.AdapterKind.ToString(),
                outFeatures = layer.OutFeatures,
                inFeatures = layer.InFeatures,
                rank = layer.Rank,
                alpha = layer.Alpha,
                baseSpectralNorm = layer.BaseSpectralNorm,
                baseFrobeniusNorm = layer.BaseFrobeniusNorm,
                singularValues = layer.SingularValues,
                keptDimensions = sheet.Cuts.Select(cut =>
                    cut.Kept.TryGetValue(layer.Layer, out IReadOnlyList<int>? kept)
                        ? kept.Select(static dimension => dimension + 1)
                        : null
                ),
            }),
        };
        return Encoding.UTF8.GetBytes(IndentedJson.Of(content));
    }

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? string.Empty;

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) =>
        text.AppendJoin(',', cells.Select(Quote)).Append("\r\n");

    private static string Quote(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
