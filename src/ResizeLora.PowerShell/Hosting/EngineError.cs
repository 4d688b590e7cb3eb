using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Pictures;
using ResizeLora.Recipes;
using ResizeLora.Safetensors;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>Turns the engine's exceptions, and the system's refusals to read, into error records with stable ids.</summary>
internal static class EngineError
{
    /// <summary>Whether an exception concerns the item that is worked on: a defect that nobody has thought of ends no batch either. PowerShell's own ways to stop do.</summary>
    public static bool IsFailure(Exception exception) => exception is not (RuntimeException or OperationCanceledException or OutOfMemoryException);

    /// <summary>Makes the record.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="target">What it concerns.</param>
    public static ErrorRecord Create(Exception exception, object? target)
    {
        string id = IdOf(exception);
        var record = new ErrorRecord(exception, id, CategoryOf(exception), target);
        string message = WithAdvice(exception.Message, id);
        if (message != exception.Message)
        {
            record.ErrorDetails = new ErrorDetails(message);
        }

        return record;
    }

    /// <summary>A message of the engine, followed by what a person can do about it, in the words of the cmdlets.</summary>
    /// <param name="message">The message.</param>
    /// <param name="id">The error's id, or the case of a note; null for none.</param>
    public static string WithAdvice(string message, string? id) => id switch
    {
        "LayerOverflow" => $"{message} Float16 holds numbers up to 65504; -DType BFloat16 and -DType Float32 hold larger ones.",
        EngineNote.Inexact => $"{message} Use -DType BFloat16 or Float32.",
        _ => message,
    };

    private static string IdOf(Exception exception) => exception switch
    {
        ResizeLoraException known => known.ErrorId,
        FileNotFoundException or DirectoryNotFoundException => "FileMissing",
        UnauthorizedAccessException => "FileDenied",
        IOException => "FileUnreadable",
        _ => "Unexpected",
    };

    private static ErrorCategory CategoryOf(Exception exception) => exception switch
    {
        MergeException { Defect: "Weight" or "WeightCount" or "Empty" } => ErrorCategory.InvalidArgument,
        SafetensorsException or AdapterException or UnsupportedFileException or MergeException => ErrorCategory.InvalidData,
        RecipeException => ErrorCategory.InvalidArgument,
        CheckpointException { Defect: "Missing" } or FileNotFoundException or DirectoryNotFoundException => ErrorCategory.ObjectNotFound,
        CheckpointException => ErrorCategory.InvalidArgument,
        OutputException { Reason: "Exists" } => ErrorCategory.ResourceExists,
        OutputException { Reason: "FormatUnknown" } => ErrorCategory.InvalidArgument,
        OutputException => ErrorCategory.WriteError,
        DeviceException or PictureException => ErrorCategory.ResourceUnavailable,
        UnauthorizedAccessException => ErrorCategory.PermissionDenied,
        IOException => ErrorCategory.ReadError,
        _ => ErrorCategory.NotSpecified,
    };
}
