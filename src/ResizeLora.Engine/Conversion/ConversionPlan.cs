using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Conversion;

/// <summary>What a converted file will hold, before anything is written.</summary>
public sealed class ConversionPlan
{
    internal ConversionPlan(
        ConversionMaking making,
        IReadOnlyList<ConvertedTensor> tensors,
        IReadOnlyList<ConvertedPair> pairs,
        SafetensorsLayout layout
    )
    {
        Making = making;
        Tensors = tensors;
        Pairs = pairs;
        Layout = layout;
    }

    /// <summary>What the output is made from and how.</summary>
    public ConversionMaking Making { get; }

    /// <summary>The size of the input in bytes.</summary>
    public long OldLength => Adapter.File.Length;

    /// <summary>The size of the output in bytes, exactly.</summary>
    public long Length => Layout.FileLength;

    /// <summary>The layers of the input.</summary>
    public int LayerCount { get; internal init; }

    /// <summary>The layers of the output; more than in the input where a fused one was divided.</summary>
    public int WrittenLayerCount { get; internal init; }

    /// <summary>The layers and tensors of the input that the output lacks, each with the reason.</summary>
    public IReadOnlyList<UnwrittenLayer> LeftBehind { get; internal init; } = [];

    /// <summary>The names of the output's layers, or null where they stay.</summary>
    public LoraNaming? Naming { get; internal init; }

    /// <summary>The family of the output.</summary>
    public AdapterKind Kind { get; internal init; }

    /// <summary>The input.</summary>
    internal Adapter Adapter => Making.Adapter;

    /// <summary>The tensors of the output.</summary>
    internal IReadOnlyList<ConvertedTensor> Tensors { get; }

    /// <summary>The pairs of factors among them.</summary>
    internal IReadOnlyList<ConvertedPair> Pairs { get; }

    /// <summary>Where every byte of the output will lie.</summary>
    internal SafetensorsLayout Layout { get; }

    /// <summary>The settings to write beside a PEFT output; null for other files.</summary>
    internal string? PeftSettings { get; init; }
}

/// <summary>A layer or tensor of the input that an output lacks.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reason">Why, a clause.</param>
/// <param name="Case">What the reason comes to.</param>
public sealed record UnwrittenLayer(string Name, string Reason, UnwrittenCase Case);

/// <summary>Why a layer is not written, as far as something can be done about it.</summary>
public enum UnwrittenCase
{
    /// <summary>Nothing that is asked for can say it.</summary>
    NoPlace,

    /// <summary>Its kind has no names there, but as a pair of factors it has.</summary>
    OtherKind,

    /// <summary>Where its name has dots is not known, but the base model's names say it.</summary>
    NameUnknown,
}
