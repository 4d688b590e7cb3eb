using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.Pictures.PageData;

/// <summary>The forms that a pair of factors may have in an output, as <see cref="OutputForm"/> chooses among them.</summary>
internal sealed record PagePair
{
    /// <summary>The layers of the pair, by their places in the file.</summary>
    public required IReadOnlyList<int> Layers { get; init; }

    /// <summary>The pair as the input stores it.</summary>
    public required AdapterLayer Source { get; init; }

    /// <summary>What is copied where a recipe needs the base model and a layer of the pair has no weight there.</summary>
    public IReadOnlyList<PageTensor> Passed { get; init; } = [];

    /// <summary>The alpha of the pair; null where it has none.</summary>
    public PageAlpha? Alpha { get; init; }

    /// <summary>The two factors.</summary>
    public required IReadOnlyList<PageTensor> Factors { get; init; }

    /// <summary>What goes along with the factors: magnitudes.</summary>
    public IReadOnlyList<PageTensor> Copied { get; init; } = [];

    /// <summary>The layer as it is, for layers of other kinds; null where it is not a choice.</summary>
    public IReadOnlyList<PageTensor>? Stored { get; init; }

    /// <summary>The same with another strength.</summary>
    public IReadOnlyList<PageTensor> Rescaled { get; init; } = [];

    /// <summary>A LoKr whose second half is cut, but for its alpha; null for others.</summary>
    public IReadOnlyList<PageTensor>? Reduced { get; init; }

    /// <summary>The alpha of that.</summary>
    public PageAlpha? ReducedAlpha { get; init; }

    /// <summary>Every tensor of every form.</summary>
    public IEnumerable<PageTensor> All =>
        [
            .. Passed,
            .. new[] { Alpha, ReducedAlpha }.OfType<PageAlpha>().Select(static alpha => alpha.Tensor),
            .. Factors,
            .. Copied,
            .. Stored ?? [],
            .. Rescaled,
            .. Reduced ?? [],
        ];

    /// <summary>Describes the forms of a pair.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="job">Its file.</param>
    public static PagePair Of(OutputPair pair, ResizeJob job)
    {
        LayerSpectrum[] layers = [.. pair.Layers.Select(layer => job.Layers[layer])];
        AdapterLayer stored = pair.Stored;
        PageTensor[] written = [.. pair.Tensors(PageTensor.Rank, PageFile.OutputType).Select(PageTensor.Of)];
        bool hasAlpha = stored.AlphaTensor is not null;
        var asPair = new PagePair
        {
            Layers = pair.Layers,
            Source = stored,
            Passed =
                job.Checkpoint is not null && Array.Exists(layers, static layer => layer.BaseFrobeniusNorm is null)
                    ? [.. stored.Tensors.Select(PageTensor.Of)]
                    : [],
            Alpha = hasAlpha
                ? PageAlpha.Of(
                    written[0],
                    layers.Sum(static layer => layer.SingularValues.Length),
                    rank => pair.AlphaFor(rank, PageFile.OutputType)
                )
                : null,
            Factors = hasAlpha ? written[1..] : written,
            Copied = stored.Magnitude is { } magnitude ? [PageTensor.Of(magnitude)] : [],
        };
        bool hasChoice = stored.StoredTensors is not null && layers.Length == 1 && !stored.IsOfPeft;
        return hasChoice ? asPair.WithOtherForms(stored, layers[0]) : asPair;
    }

    /// <summary>Writes the pair.</summary>
    /// <param name="json">Takes it.</param>
    /// <param name="index">The names.</param>
    /// <param name="peft">PEFT's settings in the file's header, or null.</param>
    public void WriteTo(Utf8JsonWriter json, PageTensorIndex index, PagePeft? peft)
    {
        json.WriteStartObject();
        json.WriteStartArray("layers");
        foreach (int layer in Layers)
        {
            json.WriteNumberValue(layer);
        }

        json.WriteEndArray();
        peft?.WriteModule(json, Source);
        json.WritePropertyName("passed");
        index.WriteTensors(json, Passed);
        json.WritePropertyName("alpha");
        index.WriteAlpha(json, Alpha);
        json.WritePropertyName("pair");
        index.WriteTensors(json, Factors);
        json.WritePropertyName("copied");
        index.WriteTensors(json, Copied);
        if (Stored is not null)
        {
            json.WriteStartObject("stored");
            json.WritePropertyName("same");
            index.WriteTensors(json, Stored);
            json.WritePropertyName("rescaled");
            index.WriteTensors(json, Rescaled);
            json.WriteEndObject();
        }

        if (Reduced is not null)
        {
            json.WritePropertyName("reduced");
            index.WriteTensors(json, Reduced);
            json.WritePropertyName("reducedAlpha");
            index.WriteAlpha(json, ReducedAlpha);
        }

        json.WriteEndObject();
    }

    private PagePair WithOtherForms(AdapterLayer stored, LayerSpectrum layer)
    {
        PageTensor[] StoredAt(double rescale)
        {
            var choice = new FormChoice(OutputKind.Smallest, PageFile.OutputType, rescale);
            OutputForm form = OutputForm.AsStored(stored.StoredTensors!, layer, choice);
            return [.. form.Written.Select(PageTensor.Of), .. form.Copied.Select(PageTensor.Of)];
        }

        const double AnyOther = 2;
        PagePair withStored = this with { Stored = StoredAt(1), Rescaled = StoredAt(AnyOther) };
        if (layer.KroneckerRank == 0)
        {
            return withStored;
        }

        OutputForm reduced = OutputForm.Reduced(stored, layer, PageTensor.Rank, PageFile.OutputType);
        return withStored with
        {
            Reduced = [.. reduced.Written.Skip(1).Select(PageTensor.Of), .. reduced.Copied.Select(PageTensor.Of)],
            ReducedAlpha = PageAlpha.Of(
                PageTensor.Of(reduced.Written[0]),
                layer.KroneckerRank,
                rank => OutputAlpha.Create(stored.Scale, rank, PageFile.OutputType)
            ),
        };
    }
}

/// <summary>An alpha.</summary>
/// <param name="Tensor">Its tensor.</param>
/// <param name="WideRanks">The ranks whose alpha the type of the factors cannot hold.</param>
internal sealed record PageAlpha(PageTensor Tensor, IReadOnlyList<int> WideRanks)
{
    /// <summary>Describes an alpha.</summary>
    /// <param name="tensor">Its tensor.</param>
    /// <param name="highestRank">The highest rank that it may be written with.</param>
    /// <param name="alphaOf">The alpha at a rank.</param>
    public static PageAlpha Of(PageTensor tensor, int highestRank, Func<int, OutputAlpha> alphaOf) =>
        new(tensor, [.. Enumerable.Range(1, highestRank).Where(rank => alphaOf(rank).Type != PageFile.OutputType)]);
}
