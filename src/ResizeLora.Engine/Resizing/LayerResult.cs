using ResizeLora.Adapters;

namespace ResizeLora.Resizing;

/// <summary>What became of one layer.</summary>
public sealed class LayerResult
{
    internal LayerResult(LayerPlan plan)
    {
        Layer = plan.Layer;
        Component = plan.Component;
        Kind = plan.Kind;
        OldRank = plan.OldRank;
        NewRank = plan.NewRank;
        RelativeErrorToLora = plan.RelativeErrorToLora;
        RelativeErrorToBase = plan.RelativeErrorToBase;
        FrobeniusRetention = plan.FrobeniusRetention;
    }

    /// <summary>The layer's name.</summary>
    public string Layer { get; }

    /// <summary>The part of the image model that the layer changes.</summary>
    public Component Component { get; }

    /// <summary>What the layer computes.</summary>
    public LayerKind Kind { get; }

    /// <summary>The rank in the input.</summary>
    public int OldRank { get; }

    /// <summary>The rank in the output; 0 when the layer vanished.</summary>
    public int NewRank { get; }

    /// <summary>‖ΔW − ΔW'‖F / ‖ΔW‖F of this layer, before any rescale.</summary>
    public double RelativeErrorToLora { get; }

    /// <summary>The same loss, rescaled, against ‖W‖F of the base weight; null when that is not known.</summary>
    public double? RelativeErrorToBase { get; }

    /// <summary>‖ΔW'‖F / ‖ΔW‖F of this layer in percent, before any rescale, as kohya's resize_lora.py prints it; null for a layer that is all zero.</summary>
    public double? FrobeniusRetention { get; }

    /// <summary>The layer and its ranks.</summary>
    public override string ToString() => FormattableString.Invariant($"{Layer}: {OldRank} -> {NewRank}");
}
