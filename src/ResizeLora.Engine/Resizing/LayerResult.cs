using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>What became of one layer. It can be resized again, from its file.</summary>
public sealed class LayerResult : LoraLayer
{
    internal LayerResult(LayerPlan plan, double rescale)
    {
        LayerSpectrum spectrum = plan.Spectrum;
        Path = spectrum.Path;
        Layer = spectrum.Layer;
        CheckpointPath = spectrum.CheckpointPath;
        Content = spectrum.Content;
        Merge = spectrum.Merge;
        Component = spectrum.Component;
        Kind = spectrum.Kind;
        AdapterKind = spectrum.AdapterKind;
        WrittenAs = plan.Form.Way switch
        {
            OutputWay.Dropped => null,
            OutputWay.Pair => spectrum.Source.PairKind,
            _ => spectrum.AdapterKind,
        };
        Reason = plan.Form.Reason;
        OldRank = spectrum.Rank;
        NewRank = plan.Kept.Length;
        RelativeErrorToLora = spectrum.ChangeNorm > 0 ? plan.Lost / spectrum.ChangeNorm : 0;
        RelativeErrorToBase = spectrum.BaseFrobeniusNorm is { } baseNorm && baseNorm > 0 ? plan.Lost * rescale / baseNorm : null;
        double retained = EuclideanNorm.Of(plan.Kept.Select(dimension => spectrum.SingularValues[dimension]));
        FrobeniusRetention = spectrum.FrobeniusNorm == 0 ? null : retained / spectrum.FrobeniusNorm;
    }

    /// <inheritdoc/>
    public override string Layer { get; }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override string? CheckpointPath { get; }

    /// <inheritdoc/>
    public override string? Content { get; }

    /// <inheritdoc/>
    public override MergedLora? Merge { get; }

    /// <summary>The part of the image model that the layer changes.</summary>
    public Component Component { get; }

    /// <summary>What the layer computes.</summary>
    public LayerKind Kind { get; }

    /// <summary>The kind of adapter that the layer is in the input.</summary>
    public AdapterKind AdapterKind { get; }

    /// <inheritdoc/>
    internal override bool IsDifference => AdapterKind == AdapterKind.Full;

    /// <summary>The kind that it is in the output; null where it vanished.</summary>
    public AdapterKind? WrittenAs { get; }

    /// <summary>Why it is of that kind, where there was a choice: the sizes of the forms, the chosen one first; null elsewhere.</summary>
    public string? Reason { get; }

    /// <summary>The rank in the input.</summary>
    public int OldRank { get; }

    /// <summary>The rank in the output; 0 when the layer vanished.</summary>
    public int NewRank { get; }

    /// <summary>
    /// ‖ΔW − ΔW'‖F / ‖ΔW‖F of this layer, before any rescale. Of DoRA over a base model both are of the weight that the trainers' forward
    /// pass uses, magnitudes included.
    /// </summary>
    public double RelativeErrorToLora { get; }

    /// <summary>The same loss, rescaled, against ‖W‖F of the base weight; null when that is not known.</summary>
    public double? RelativeErrorToBase { get; }

    /// <summary>
    /// ‖ΔW'‖F / ‖ΔW‖F of this layer as a share of 1, before any rescale, as kohya's resize_lora.py prints it in percent; null for a layer
    /// that is all zero.
    /// </summary>
    public double? FrobeniusRetention { get; }

    /// <summary>The layer and its ranks.</summary>
    public override string ToString() => FormattableString.Invariant($"{Layer}: {OldRank} -> {NewRank}");
}
