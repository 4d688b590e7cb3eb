using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Dialects;

namespace ResizeLora.Spectra;

/// <summary>
/// One layer of a LoRA file with the singular values of its ΔW = alpha/rank · B·A. Carries, hidden, a reference to
/// the small matrices from which any truncation of the layer can be written, as long as there is room for them; they are found again from
/// the large factors, which stay in the file.
/// </summary>
public sealed class LayerSpectrum : LoraLayer
{
    private readonly double[] singularValues;

    private KeptDecomposition? decomposition;

    internal LayerSpectrum(
        LayerOrigin origin,
        AdapterLayer source,
        MagnitudeEffect? effect,
        BaseNorms? baseNorms,
        string? checkpointPath,
        double[] productSingularValues,
        KroneckerOrder? kronecker
    )
    {
        Kronecker = kronecker;
        Origin = origin;
        Source = source;
        Effect = effect;
        ProductSingularValues = productSingularValues;
        CheckpointPath = checkpointPath;
        Content = origin.Hashes.ContentOf(source);
        BaseSpectralNorm = baseNorms?.Spectral;
        BaseFrobeniusNorm = baseNorms?.Frobenius;
        double scale = Math.Abs(source.Scale);
        singularValues = Array.ConvertAll(productSingularValues, value => value * scale);
        FrobeniusNorm = EuclideanNorm.Of(singularValues);
        EffectiveRank = ComputeEffectiveRank(singularValues);
        FirstQuarterEnergy = ComputeFirstQuarterEnergy(singularValues, source.Rank);
    }

    private LayerSpectrum(LayerSpectrum other, AdapterLayer source, BaseNorms? baseNorms, string? checkpointPath)
        : this(other.Origin, source, other.Effect, baseNorms, checkpointPath, other.ProductSingularValues, other.Kronecker)
    {
        decomposition = other.decomposition;
    }

    /// <summary>The LoRA file.</summary>
    public override string Path => Origin.Path;

    /// <summary>The layer's name.</summary>
    public override string Layer => Source.Name;

    /// <summary>The part of the image model that the layer changes.</summary>
    public Component Component => Source.Component;

    /// <summary>The block of the component, such as <c>input_blocks.4</c>.</summary>
    public string Block => Source.Block;

    /// <summary>The kind of adapter that the layer is stored as, such as LoHa.</summary>
    public AdapterKind AdapterKind => Source.AdapterKind;

    /// <inheritdoc/>
    internal override bool IsDifference => AdapterKind == AdapterKind.Full;

    /// <summary>What the layer computes.</summary>
    public LayerKind Kind => Source.Kind;

    /// <summary>n, the rows of ΔW.</summary>
    public int OutFeatures => Source.OutFeatures;

    /// <summary>m, the columns of ΔW; for convolutions in · kernel height · kernel width.</summary>
    public int InFeatures => Source.InFeatures;

    /// <summary>The rank (dim): the file's, and of kinds other than LoRA that of the LoRA which the layer equals.</summary>
    public int Rank => Source.Rank;

    /// <summary>scale · rank: the layer's alpha, or the rank where the file has none.</summary>
    public double Alpha => Source.Alpha;

    /// <summary>
    /// σ of ΔW, descending: min(rank, n, m) of them, within 1e-4 relative of float64 for σ ≥ 1e-4·σ₁. Of DoRA over a base model, those of
    /// ΔW with its rows or columns weighted by magnitude/norm, as the weight changes by them.
    /// </summary>
    public double[] SingularValues => singularValues;

    /// <summary>σ₁, the largest singular value; 0 for an all-zero layer.</summary>
    public double SpectralNorm => singularValues[0];

    /// <summary>‖ΔW‖F.</summary>
    public double FrobeniusNorm { get; }

    /// <summary>
    /// exp of the entropy of σᵢ/Σσ: how many dimensions the layer behaves as if it had (Roy and Vetterli, 2007); 0 for an all-zero layer.
    /// </summary>
    public double EffectiveRank { get; }

    /// <summary>
    /// Σσᵢ² over the first quarter of the rank (rounded up) against all of it: near 1 where a quarter of the size would do; 0 for an
    /// all-zero layer.
    /// </summary>
    public double FirstQuarterEnergy { get; }

    /// <summary>σ_max of the base weight; null when no checkpoint was given or it has no such layer.</summary>
    public double? BaseSpectralNorm { get; }

    /// <summary>‖W‖F of the base weight; null likewise.</summary>
    public double? BaseFrobeniusNorm { get; }

    /// <summary>The base model that the base norms come from, or null.</summary>
    public override string? CheckpointPath { get; }

    /// <summary>Where the layer's factors lie.</summary>
    internal AdapterLayer Source { get; }

    /// <summary>σ of B·A, without the layer's scale.</summary>
    internal double[] ProductSingularValues { get; }

    /// <summary>What the magnitudes of DoRA do to the layer over its base weight; null without them or without a base model.</summary>
    internal MagnitudeEffect? Effect { get; }

    /// <summary>‖ΔW‖F, of DoRA over its base weight that of the whole change: what errors are relative to.</summary>
    internal double ChangeNorm => Effect?.ChangeNorm ?? FrobeniusNorm;

    /// <summary>How many singular values the second half of a Kronecker product has; 0 for other layers.</summary>
    internal int KroneckerRank => Kronecker?.SecondCount ?? 0;

    /// <summary>What is known of the singular values of a Kronecker product, or null.</summary>
    internal KroneckerOrder? Kronecker { get; }

    /// <summary>The rank to which the second half of a Kronecker product can be cut without losing chosen dimensions.</summary>
    /// <param name="kept">The dimensions.</param>
    /// <returns>The rank; null for other layers.</returns>
    internal int? KroneckerRankOf(int[] kept) => Kronecker?.RankOfSecond(kept);

    /// <summary>The dimensions that stay where the second half is cut to a rank.</summary>
    /// <param name="rank">The rank.</param>
    internal int[] KroneckerDimensionsWithin(int rank) => Kronecker!.DimensionsWithin(rank);

    /// <summary>Whether what it takes to write the layer was kept, and is kept no more.</summary>
    internal bool IsReleased => decomposition is { Value: null };

    /// <inheritdoc/>
    public override string? Content { get; }

    /// <inheritdoc/>
    public override MergedLora? Merge => Origin.Merge;

    /// <summary>What the layer was decomposed from.</summary>
    internal LayerOrigin Origin { get; }

    /// <summary>Keeps what it takes to write the layer, where there is room.</summary>
    /// <param name="found">What it takes.</param>
    /// <param name="store">Where it is kept.</param>
    internal void Keep(LayerDecomposition found, DecompositionStore store) =>
        decomposition = found.Count > 0 ? store.Keep(found, Origin.Hashes) : null;

    /// <summary>What it takes to write the layer again: kept, or found again from the file.</summary>
    /// <param name="adapter">The layer's file.</param>
    /// <param name="count">How many dimensions are needed, the first ones.</param>
    /// <param name="device">Where the large products are made.</param>
    /// <exception cref="AdapterException">The file holds something else now.</exception>
    internal LayerDecomposition DecompositionFrom(Adapter adapter, int count, LayerDevice device)
    {
        if (decomposition?.Value is { } kept && kept.Count >= count)
        {
            return kept;
        }

        LayerDecomposition found = LayerDecomposer.DecomposeAgain(adapter, Source, Effect, count, device);
        LargeGarbage.Add(found.ByteLength);
        return found;
    }

    /// <summary>The same layer measured against another base model.</summary>
    internal LayerSpectrum Against(BaseNorms? baseNorms, string? checkpointPath) => new(this, Source, baseNorms, checkpointPath);

    /// <summary>The same layer where it lies in the file now.</summary>
    internal LayerSpectrum At(AdapterLayer source)
    {
        BaseNorms? norms =
            BaseSpectralNorm is { } spectral && BaseFrobeniusNorm is { } frobenius ? new BaseNorms(spectral, frobenius) : null;
        return new LayerSpectrum(this, source with { KnownInputShape = Source.KnownInputShape }, norms, CheckpointPath);
    }

    /// <summary>The layer's name and what one wants to know of it first.</summary>
    public override string ToString() => FormattableString.Invariant($"{Layer}, rank {Rank}, σ1 {SpectralNorm:g4}");

    private static double ComputeFirstQuarterEnergy(double[] singularValues, int rank)
    {
        double norm = EuclideanNorm.Of(singularValues);
        double share = norm == 0 ? 0 : EuclideanNorm.Of(singularValues.Take((rank + 3) / 4)) / norm;
        return share * share;
    }

    private static double ComputeEffectiveRank(double[] singularValues)
    {
        double sum = singularValues.Sum();
        if (sum == 0)
        {
            return 0;
        }

        double entropy = 0;
        foreach (double value in singularValues)
        {
            double share = value / sum;
            entropy -= share > 0 ? share * Math.Log(share) : 0;
        }

        return Math.Exp(entropy);
    }
}

/// <summary>What a layer was decomposed from.</summary>
/// <param name="Path">The LoRA file; of a merge the path that it goes by.</param>
/// <param name="FileTime">The file's time of change then. Another time now is a reason to look at the content at once.</param>
/// <param name="Merge">The merge, or null.</param>
/// <param name="FileLayerCount">How many layers with a spectrum the file has.</param>
/// <param name="Hashes">The content of the file's tensors then, by which they are known when they are written.</param>
internal sealed record LayerOrigin(string Path, DateTime FileTime, MergedLora? Merge, int FileLayerCount, TensorHashes Hashes);
