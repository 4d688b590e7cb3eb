namespace ResizeLora;

/// <summary>
/// The base of every failure that the engine reports on purpose. The message is meant for the person at the console and names
/// the file. Anything else that escapes is a defect.
/// </summary>
public abstract class ResizeLoraException : Exception
{
    private readonly string area;
    private string? advice;

    /// <summary>Creates the exception.</summary>
    /// <param name="area">What the failure is about, the beginning of its id, such as <c>Layer</c>.</param>
    /// <param name="defect">A stable word for the case, the end of its id, such as <c>Stale</c>.</param>
    /// <param name="message">What is wrong, in a sentence that names the file where there is one.</param>
    /// <param name="path">The file that it concerns, or null.</param>
    /// <param name="innerException">The cause, or null.</param>
    protected ResizeLoraException(string area, string defect, string message, string? path = null, Exception? innerException = null)
        : base(DisplayText.Of(message), innerException)
    {
        this.area = area;
        Defect = defect;
        Path = path;
    }

    /// <summary>What is wrong, and what the user can do about it where the caller knows.</summary>
    public override string Message => advice is null ? base.Message : $"{base.Message} {advice}";

    /// <summary>The file that the failure concerns, or null when it concerns none.</summary>
    public string? Path { get; }

    /// <summary>A stable word for the case, such as <c>Exists</c> or <c>RankMismatch</c>.</summary>
    public string Defect { get; }

    /// <summary>A stable name for the failure, the first part of the error id that PowerShell shows.</summary>
    public string ErrorId => area + Defect;

    /// <summary>Adds what the user can do, in the words of the program that the user sees.</summary>
    /// <param name="sentence">The sentence, or null where there is nothing to say.</param>
    public void Advise(string? sentence) => advice = sentence;
}
