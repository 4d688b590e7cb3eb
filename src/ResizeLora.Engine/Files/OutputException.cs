using System.Globalization;

namespace ResizeLora.Files;

/// <summary>A file could not be written; the inputs are untouched and no file of the output's name was left half-made.</summary>
public sealed class OutputException : ResizeLoraException
{
    // What Windows says of a file that another program holds: ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_USER_MAPPED_FILE.
    private static readonly int[] InUseCodes = [unchecked((int)0x80070020), unchecked((int)0x80070021), unchecked((int)0x800704C8)];

    // ERROR_INVALID_NAME, which Windows also says of a name that is too long.
    private const int InvalidName = unchecked((int)0x8007007B);

    // The codes of "no space left" and "quota exceeded": ENOSPC and EDQUOT, ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL.
    private static readonly int[] DiskFullCodes = [28, 122, unchecked((int)0x80070027), unchecked((int)0x80070070)];

    // A file system that is mounted for reading, or a card whose switch is set: EROFS, ERROR_WRITE_PROTECT.
    private static readonly int[] ReadOnlyCodes = [30, unchecked((int)0x80070013)];

    // More than the file system, or a limit, allows for one file: EFBIG, ERROR_FILE_TOO_LARGE.
    private static readonly int[] TooLargeCodes = [27, unchecked((int)0x800700DF)];

    /// <summary>Creates the exception.</summary>
    /// <param name="path">The output file.</param>
    /// <param name="reason">A stable word for the reason, the end of the error id.</param>
    /// <param name="detail">The reason in words.</param>
    /// <param name="innerException">The cause, or null.</param>
    public OutputException(string path, string reason, string detail, Exception? innerException = null)
        : this($"'{path}' was not written: {detail}", innerException, path, reason) { }

    private OutputException(string message, Exception? innerException, string path, string reason)
        : base("Output", reason, message, path, innerException) { }

    /// <summary>A file of that name exists and may not be replaced.</summary>
    /// <param name="path">The output file.</param>
    /// <param name="innerException">The cause, or null.</param>
    public static OutputException Exists(string path, Exception? innerException = null) =>
        new(path, "Exists", "a file of that name exists.", innerException);

    /// <summary>A size is asked for that no selection of dimensions reaches; the output has no path yet.</summary>
    /// <param name="source">The LoRA file.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="limit">The size asked for, in bytes.</param>
    /// <param name="length">The size without any layer, in bytes.</param>
    public static OutputException SizeTooSmall(string source, string recipe, long limit, long length)
    {
        string message =
            $"'{source}' cannot be made so small: the recipe '{recipe}' asks for at most {limit} bytes, but header and copied tensors "
            + $"alone take {length}.";
        return new OutputException(message, null, source, nameof(SizeTooSmall));
    }

    /// <summary>No layer of a file can be resized by a recipe: the output would be a copy that claims to be resized.</summary>
    /// <param name="source">The LoRA file.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="detail">Why not, in a sentence.</param>
    public static OutputException NothingResized(string source, string recipe, string detail) =>
        new($"Nothing of '{source}' can be resized by the recipe '{recipe}': {detail}", null, source, nameof(NothingResized));

    /// <summary>A recipe keeps nothing of a file: the output would do nothing.</summary>
    /// <param name="source">The LoRA file.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="highestScore">The highest score of a dimension, or null when there is none.</param>
    public static OutputException NothingKept(string source, string recipe, double? highestScore)
    {
        string hint =
            highestScore is { } score && double.IsFinite(score)
                ? string.Create(CultureInfo.InvariantCulture, $" The highest score is {score:0.###}.")
                : string.Empty;
        string message = $"The recipe '{recipe}' keeps no dimension of any layer of '{source}'; the output would do nothing.{hint}";
        return new OutputException(message, null, source, nameof(NothingKept));
    }

    /// <summary>Says in one sentence why the operating system refused.</summary>
    /// <param name="path">The output file.</param>
    /// <param name="exception">What the operating system's refusal was turned into by the runtime.</param>
    internal static OutputException From(string path, Exception exception) =>
        exception switch
        {
            DirectoryNotFoundException => new(path, "FolderMissing", "its folder does not exist and cannot be made.", exception),
            PathTooLongException => new(path, "PathTooLong", "the path is longer than the system allows.", exception),
            IOException when InUseCodes.Contains(exception.HResult) => InUse(path, exception),
            UnauthorizedAccessException denied => From(path, denied, Obstacle(path)),
            IOException when ReadOnlyCodes.Contains(exception.HResult) => new(path, "Denied", "the file system is read-only.", exception),
            IOException when TooLargeCodes.Contains(exception.HResult) => new(
                path,
                "TooLarge",
                "the file system takes no file of that size.",
                exception
            ),
            IOException when exception.HResult == InvalidName => new(
                path,
                "NameInvalid",
                "the system takes no file of that name; it may be too long.",
                exception
            ),
            IOException when DiskFullCodes.Contains(exception.HResult) => new(path, "DiskFull", "the disk is full.", exception),
            _ => new(path, "Failed", exception.Message, exception),
        };

    /// <summary>Says what a refusal to replace a file comes from.</summary>
    /// <param name="path">The output file.</param>
    /// <param name="exception">The refusal.</param>
    /// <param name="obstacle">What the file that stands there is found to be.</param>
    internal static OutputException From(string path, UnauthorizedAccessException exception, OutputObstacle obstacle) =>
        obstacle switch
        {
            OutputObstacle.ReadOnly => new(path, "ReadOnly", "a file of that name exists and is read-only.", exception),
            OutputObstacle.InUse => InUse(path, exception),
            _ => new(path, "Denied", "the system denies writing there.", exception),
        };

    private static OutputException InUse(string path, Exception exception) =>
        new(path, "InUse", "a file of that name exists and is open in another program.", exception);

    // To a rename onto a file Windows says "access denied", whether the file is read-only, open elsewhere, or somebody else's.
    private static OutputObstacle Obstacle(string path)
    {
        if (!OperatingSystem.IsWindows() || !File.Exists(path))
        {
            return OutputObstacle.None;
        }

        try
        {
            if (File.GetAttributes(path).HasFlag(FileAttributes.ReadOnly))
            {
                return OutputObstacle.ReadOnly;
            }

            using (File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
            return OutputObstacle.None;
        }
        catch (IOException exception)
        {
            return InUseCodes.Contains(exception.HResult) ? OutputObstacle.InUse : OutputObstacle.None;
        }
        catch (UnauthorizedAccessException)
        {
            return OutputObstacle.None;
        }
    }
}

/// <summary>What keeps a file from being replaced.</summary>
internal enum OutputObstacle
{
    /// <summary>Nothing that can be seen of the file itself.</summary>
    None,

    /// <summary>It is marked as read-only.</summary>
    ReadOnly,

    /// <summary>Another program has it open.</summary>
    InUse,
}
