using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;

namespace ResizeLora.Spectra;

/// <summary>
/// One layer of a LoRA file with the singular values of its ΔW = alpha/rank · B·A. Carries, hidden, the small matrices from
/// which any truncation of the layer can be written; the large factors stay in the file.
/// </summary>
public sealed class LayerSpectrum : LoraLayer
{
    private readonly double[] singularValues;

    internal LayerSpectrum(LayerOrigin origin, AdapterLayer source, LayerFactors factors, BaseNorms? baseNorms, string? checkpointPath)
    {
        Origin = origin;
        Source = source;
        Factors = factors;
        CheckpointPath = checkpointPath;
        Content = origin.Hashes.ContentOf(source);
        BaseSpectralNorm = baseNorms?.Spectral;
        BaseFrobeniusNorm = baseNorms?.Frobenius;
        double scale = Math.Abs(source.Scale);
        singularValues = Array.ConvertAll(factors.ProductSingularValues, value => value * scale);
        FrobeniusNorm = EuclideanNorm.Of(singularValues);
        EffectiveRank = ComputeEffectiveRank(singularValues);
        FirstQuarterEnergy = ComputeFirstQuarterEnergy(singularValues, source.Rank);
    }

    /// <summary>The LoRA file.</summary>
    public override string Path => Origin.Path;

    /// <summary>The layer's name.</summary>
    public override string Layer => Source.Name;

    /// <summary>The part of the image model that the layer changes.</summary>
    public Component Component => Source.Component;

    /// <summary>The block of the component, such as <c>input_blocks.4</c>.</summary>
    public string Block => Source.Block;

    /// <summary>What the layer computes.</summary>
    public LayerKind Kind => Source.Kind;

    /// <summary>n, the rows of ΔW.</summary>
    public int OutFeatures => Source.OutFeatures;

    /// <summary>m, the columns of ΔW; for convolutions in · kernel height · kernel width.</summary>
    public int InFeatures => Source.InFeatures;

    /// <summary>The rank (dim) that the file gives the layer.</summary>
    public int Rank => Source.Rank;

    /// <summary>The layer's alpha; the rank where the file has none.</summary>
    public double Alpha => Source.Alpha;

    /// <summary>σ of ΔW, descending: min(rank, n, m) of them, within 1e-4 relative of float64 for σ ≥ 1e-4·σ₁.</summary>
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

    /// <summary>What it takes to write the layer again.</summary>
    internal LayerFactors Factors { get; }

    /// <inheritdoc/>
    public override string? Content { get; }

    /// <inheritdoc/>
    public override MergedLora? Merge => Origin.Merge;

    /// <summary>What the layer was decomposed from.</summary>
    internal LayerOrigin Origin { get; }

    /// <summary>The same layer measured against another base model.</summary>
    internal LayerSpectrum Against(BaseNorms? baseNorms, string? checkpointPath) => new(Origin, Source, Factors, baseNorms, checkpointPath);

    /// <summary>The same layer where it lies in the file now.</summary>
    internal LayerSpectrum At(AdapterLayer source)
    {
        BaseNorms? norms =
            BaseSpectralNorm is { } spectral && BaseFrobeniusNorm is { } frobenius ? new BaseNorms(spectral, frobenius) : null;
        return new LayerSpectrum(Origin, source, Factors, norms, CheckpointPath);
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
