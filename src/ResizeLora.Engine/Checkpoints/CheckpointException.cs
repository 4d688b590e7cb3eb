namespace ResizeLora.Checkpoints;

/// <summary>A base model is missing, or is not one that LoRA layers can be looked up in.</summary>
public sealed class CheckpointException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The checkpoint, or null when none was given.</param>
    /// <param name="defect">A stable word for the defect, the end of the error id.</param>
    /// <param name="message">What is wrong, in a sentence.</param>
    public CheckpointException(string? path, string defect, string message)
        : base(message, path)
    {
        Defect = defect;
    }

    /// <summary>A stable word for the defect, such as <c>Missing</c>.</summary>
    public string Defect { get; }

    /// <summary>A recipe measures against the base model, and none was given.</summary>
    /// <param name="recipe">The recipe.</param>
    public static CheckpointException NotGiven(string recipe) => new(
        null, "NotGiven", $"The recipe '{recipe}' measures against the base model; give it with -Checkpoint, or use a recipe of spn_lora, fro_lora and params.");

    /// <inheritdoc/>
    public override string ErrorId => $"Checkpoint{Defect}";
}
