namespace ResizeLora.Bench.Generation;

/// <summary>The tensors of a Stable Diffusion 1.5 checkpoint in Stability's layout, by name and shape, without the autoencoder.</summary>
internal sealed class Sd15Architecture
{
    private const string TextEncoder = "cond_stage_model.transformer.text_model.";

    private readonly ShapeList list = new();

    /// <summary>Lists the tensors.</summary>
    /// <param name="divisor">What every width is divided by: 1 for the real shapes.</param>
    public Sd15Architecture(int divisor)
    {
        new UNetShapes(
            Width: 320 / divisor,
            Levels: [(1, 1), (2, 1), (4, 1), (4, 0)],
            MiddleDepth: 1,
            ContextWidth: 768 / divisor,
            LabelWidth: 0,
            HasLinearProjections: false
        ).AddTo(list);
        ClipShapes.Add(list, TextEncoder, width: 768 / divisor, layers: 12);
    }

    /// <summary>Every tensor's name and shape.</summary>
    public IReadOnlyList<(string Name, long[] Shape)> Tensors => list.Tensors;

    /// <summary>The layers that kohya's trainer puts a LoRA on: 192 + 72.</summary>
    public IEnumerable<TargetLayer> LoraLayers() =>
        Tensors
            .Where(static tensor => tensor.Shape.Length > 1 && NameOver(tensor.Name) is not null)
            .Select(static tensor => new TargetLayer(NameOver(tensor.Name)!, tensor.Shape));

    private static string? NameOver(string tensor) =>
        KohyaNames.OfUNet(tensor) is { } layer ? (KohyaNames.IsUsualTarget(tensor) ? layer : null)
        : tensor.StartsWith($"{TextEncoder}encoder.", StringComparison.Ordinal)
            ? $"lora_te_text_model_{KohyaNames.Underscored(KohyaNames.ModuleOf(tensor)[TextEncoder.Length..])}"
        : null;
}
