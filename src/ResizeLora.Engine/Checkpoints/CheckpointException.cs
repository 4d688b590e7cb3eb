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

    /// <summary>The same in a few words, to follow the file's name; null where there are none.</summary>
    public string? Clause { get; private init; }

    /// <summary>A recipe measures against the base model, and none was given.</summary>
    /// <param name="recipe">The recipe.</param>
    public static CheckpointException NotGiven(string recipe) =>
        new(null, "NotGiven", $"The recipe '{recipe}' measures against the base model, and none was given.");

    /// <summary>A LoRA was made for another kind of model than the base models that are there.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="family">The model that the LoRA was trained for, or null when nothing tells.</param>
    /// <param name="layer">One of its layers.</param>
    /// <param name="misfit">A sentence on a layer of another shape, with a blank before it, or nothing.</param>
    /// <param name="checkpoints">The base models.</param>
    public static CheckpointException Mismatch(
        string path,
        string? family,
        string layer,
        string misfit,
        IReadOnlyList<Checkpoint> checkpoints
    )
    {
        ArgumentNullException.ThrowIfNull(checkpoints);
        static string FamilyOf(Checkpoint checkpoint) => checkpoint.Family ?? "of an unknown family";
        string models = string.Join(", ", checkpoints.Select(static checkpoint => $"'{checkpoint.Path}'"));
        string families = string.Join(", ", checkpoints.Select(FamilyOf));
        bool isSame = family is not null && checkpoints.Any(checkpoint => checkpoint.Family == family);
        string cause = isSame
            ? $"Both are {family}, but the LoRA's layers are not those of the base model, such as '{layer}'."
            : $"The LoRA is for {family ?? "an unknown model"}, "
                + $"the base {(checkpoints.Count == 1 ? "model is" : "models are")} {families}.";
        return new CheckpointException(path, nameof(Mismatch), $"'{path}' does not fit the base model {models}. {cause}{misfit}")
        {
            Clause = $"is for {family ?? "an unknown model"}; the base {(checkpoints.Count == 1 ? "model is" : "models are")} {families}",
        };
    }
}
