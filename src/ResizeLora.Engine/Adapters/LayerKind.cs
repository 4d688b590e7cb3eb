namespace ResizeLora.Adapters;

/// <summary>What a layer computes.</summary>
public enum LayerKind
{
    /// <summary>A matrix.</summary>
    Linear,

    /// <summary>A convolution with a 1×1 kernel.</summary>
    Convolution1x1,

    /// <summary>A convolution with a 3×3 kernel, up- and downsamplers among them.</summary>
    Convolution3x3,

    /// <summary>A convolution with another kernel.</summary>
    Convolution,
}
