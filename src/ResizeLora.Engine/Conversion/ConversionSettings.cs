using ResizeLora.Dialects;
using ResizeLora.Resizing;

namespace ResizeLora.Conversion;

/// <summary>What a conversion changes; what is null stays as it is.</summary>
public sealed record ConversionSettings
{
    /// <summary>In whose words the layers are named.</summary>
    public LoraNaming? Naming { get; init; }

    /// <summary>Whether every layer becomes a plain pair of factors.</summary>
    public bool ToPairs { get; init; }

    /// <summary>The type of the factors.</summary>
    public OutputType? Type { get; init; }

    /// <summary>Whether layers that cannot be written so are left out; otherwise they are an error.</summary>
    public bool SkipsUnsupported { get; init; }

    /// <summary>Whether nothing is asked for.</summary>
    public bool IsEmpty => Naming is null && !ToPairs && Type is null;
}
