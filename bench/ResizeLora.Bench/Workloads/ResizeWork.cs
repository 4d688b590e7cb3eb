using ResizeLora.Recipes;

namespace ResizeLora.Bench.Workloads;

/// <summary>A base model, and a LoRA whose layers say which of its weights count.</summary>
/// <param name="Checkpoint">The base model.</param>
/// <param name="Lora">The LoRA.</param>
internal sealed record BasePair(string Checkpoint, string Lora);

/// <summary>Files to be resized.</summary>
/// <param name="Checkpoint">The base model, or null where the recipes need none.</param>
/// <param name="Loras">The adapters.</param>
/// <param name="Recipes">The recipes; each file is resized by every one.</param>
internal sealed record ResizeWork(string? Checkpoint, IReadOnlyList<string> Loras, IReadOnlyList<ResizeRecipe> Recipes)
{
    /// <summary>Whether outputs are written, or only planned to see what they would be.</summary>
    public bool IsWritten { get; init; } = true;

    /// <summary>The base model with the layers that count; null where there is none.</summary>
    public BasePair? Base => Checkpoint is null ? null : new BasePair(Checkpoint, Loras[0]);
}
