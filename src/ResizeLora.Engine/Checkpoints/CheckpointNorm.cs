using ResizeLora.Architectures;

namespace ResizeLora.Checkpoints;

/// <summary>The norms of one weight of a base model, the one that a LoRA layer changes.</summary>
public sealed class CheckpointNorm
{
    internal CheckpointNorm(string path, BaseWeight weight, BaseNorms norms, bool fromCache)
    {
        Path = path;
        Layer = weight.Layer;
        Tensor = weight.Tensor;
        Component = weight.Key.Component;
        Block = BlockName.Of(weight.Key.Path);
        OutFeatures = weight.Rows;
        InFeatures = weight.Columns;
        SpectralNorm = norms.Spectral;
        FrobeniusNorm = norms.Frobenius;
        FromCache = fromCache;
    }

    /// <summary>The checkpoint.</summary>
    public string Path { get; }

    /// <summary>The name of the LoRA layer that changes the weight.</summary>
    public string Layer { get; }

    /// <summary>The part of the model that the weight belongs to.</summary>
    public Component Component { get; }

    /// <summary>The block of the component, such as <c>input_blocks.4</c>.</summary>
    public string Block { get; }

    /// <summary>The checkpoint's tensor; where it stacks q, k and v, three layers name it.</summary>
    public string Tensor { get; }

    /// <summary>n, the rows of W.</summary>
    public int OutFeatures { get; }

    /// <summary>m, the columns of W; for convolutions in · kernel height · kernel width.</summary>
    public int InFeatures { get; }

    /// <summary>σ_max of W, within 1e-5 relative.</summary>
    public double SpectralNorm { get; }

    /// <summary>‖W‖F.</summary>
    public double FrobeniusNorm { get; }

    /// <summary>Whether the norms were kept from an earlier run, rather than computed now.</summary>
    public bool FromCache { get; }

    /// <summary>The layer and its norms.</summary>
    public override string ToString() => FormattableString.Invariant($"{Layer}, σmax {SpectralNorm:g4}, ‖W‖F {FrobeniusNorm:g4}");
}
