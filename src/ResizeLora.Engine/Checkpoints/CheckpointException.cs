namespace ResizeLora.Checkpoints;

/// <summary>A base model is missing, or is not one that LoRA layers can be looked up in.</summary>
public sealed class CheckpointException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The checkpoint, or null when none was given.</param>
    /// <param name="defect">A stable word for the defect, the end of the error id.</param>
    /// <param name="message">What is wrong, in a sentence.</param>
    public CheckpointException(string? path, string defect, string message)
        : base("Checkpoint", defect, message, path) { }

    /// <summary>A recipe measures against the base model, and none was given.</summary>
    /// <param name="recipe">The recipe.</param>
    public static CheckpointException NotGiven(string recipe) =>
        new(null, "NotGiven", $"The recipe '{recipe}' measures against the base model, and none was given.");

    /// <summary>No layer of a LoRA is in the base model.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="family">The model that the LoRA was trained for, or null when nothing tells.</param>
    /// <param name="layer">One of its layers.</param>
    /// <param name="checkpoint">The base model.</param>
    public static CheckpointException Mismatch(string path, string? family, string layer, Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        string cause =
            family is not null && family == checkpoint.Family
                ? $"Both are {family}, but the LoRA spells its layers in a way that cannot be looked up there, such as '{layer}'."
                : $"The LoRA is for {family ?? "an unknown model"}, the base model is {checkpoint.Family ?? "of an unknown family"}.";
        return new CheckpointException(path, nameof(Mismatch), $"No layer of '{path}' is in the base model '{checkpoint.Path}'. {cause}");
    }
}
