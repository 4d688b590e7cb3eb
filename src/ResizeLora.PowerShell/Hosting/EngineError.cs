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
    /// <summary>Whether an exception is a failure that a user is told of, rather than a defect.</summary>
    public static bool IsExpected(Exception exception) => exception is ResizeLoraException or IOException or UnauthorizedAccessException;

    /// <summary>Makes the record.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="target">What it concerns.</param>
    public static ErrorRecord Create(Exception exception, object? target) => new(exception, IdOf(exception), CategoryOf(exception), target);

    private static string IdOf(Exception exception) => exception switch
    {
        ResizeLoraException known => known.ErrorId,
        FileNotFoundException or DirectoryNotFoundException => "FileMissing",
        UnauthorizedAccessException => "FileDenied",
        _ => "FileUnreadable",
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
        _ => ErrorCategory.ReadError,
    };
}
