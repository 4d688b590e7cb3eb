using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Conversion;
using ResizeLora.Files;
using ResizeLora.Pictures;
using ResizeLora.Recipes;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>Turns the engine's exceptions, and the system's refusals to read, into error records with stable ids.</summary>
internal static class EngineError
{
    /// <summary>
    /// Whether an exception concerns the item that is worked on: a defect that nobody has thought of ends no batch either. PowerShell's
    /// own ways to stop do.
    /// </summary>
    public static bool IsFailure(Exception exception) =>
        exception is not (RuntimeException or OperationCanceledException or OutOfMemoryException);

    /// <summary>Makes the record.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="target">What it concerns.</param>
    public static ErrorRecord Create(Exception exception, object? target)
    {
        string id = IdOf(exception);
        (exception as ResizeLoraException)?.Advise(exception is ConversionException refused ? AdviceFor(refused) : AdviceFor(id));
        return new ErrorRecord(exception, id, CategoryOf(exception), target);
    }

    /// <summary>What a person can do about a case of the engine, in the words of the cmdlets; null where there is nothing to say.</summary>
    /// <param name="id">The error's id, or the case of a note.</param>
    public static string? AdviceFor(string? id) =>
        id switch
        {
            "CheckpointNotGiven" => "Give it with -Checkpoint, or use a recipe of spn_lora, fro_lora and params.",
            EngineNote.RoundedScale => "Use -DType Float32 to keep more digits.",
            "DeviceCudaAbsent" => "Use -Device cpu or auto.",
            "DeviceMemory" => "Close other programs, or work on fewer files at a time.",
            "LayerOverflow" => "Float16 holds numbers up to 65504; -DType BFloat16 and -DType Float32 hold larger ones.",
            "DeviceLibraryUnusable" => "If Install-ResizeLoraRuntime brought it, -Force brings it again.",
            "RuntimeMissing" => "Install-ResizeLoraRuntime brings it.",
            "RuntimeSourceUnreachable" => "The same line again tries once more; -Source takes a folder with the packages too.",
            "RuntimeInterrupted" => "The same line again goes on from there.",
            "RuntimePackageMissing" => "-Source names another folder or feed.",
            "RuntimeInUse" => "Close the sessions in which ResizeLora has computed.",
            "OutputExists" => "-Force replaces it.",
            "OutputInUse" => "Close it there (a web UI holds the LoRA in use), or write to another folder with -OutputDirectory.",
            "OutputReadOnly" => "Set-ItemProperty <file> IsReadOnly $false allows it, or write to another folder with -OutputDirectory.",
            "OutputNothingKept" => "-Force writes it all the same.",
            EngineNote.NeedsBase => "-Checkpoint names that.",
            EngineNote.Differences => "-IncludeDifference turns those of weights into low-rank layers.",
            EngineNote.Inexact => "Use -DType BFloat16 or Float32.",
            _ => null,
        };

    // What helps depends on why each layer is refused.
    private static string? AdviceFor(ConversionException refused)
    {
        string[] advice =
        [
            .. Helping(UnwrittenCase.OtherKind, "-Kind LoRA makes pairs of factors of LoHa, LoKr and cores."),
            .. Helping(UnwrittenCase.NameUnknown, "-Checkpoint lends the base model's names."),
            .. refused is { Unwritten.Count: > 0, IsAll: false } ? (string[])["-SkipUnsupported leaves them behind."] : [],
        ];
        return advice.Length > 0 ? string.Join(' ', advice) : null;

        string[] Helping(UnwrittenCase what, string sentence) => refused.Unwritten.Any(layer => layer.Case == what) ? [sentence] : [];
    }

    private static string IdOf(Exception exception) =>
        exception switch
        {
            ResizeLoraException known => known.ErrorId,
            FileNotFoundException or DirectoryNotFoundException => "FileMissing",
            UnauthorizedAccessException => "FileDenied",
            IOException => "FileUnreadable",
            _ => "Unexpected",
        };

    private static ErrorCategory CategoryOf(Exception exception) =>
        exception switch
        {
            MergeException { Defect: "Weight" or "WeightCount" or "Empty" or "Layers" or "NameTaken" } => ErrorCategory.InvalidArgument,
            SafetensorsException or GgufException or AdapterException or UnsupportedFileException or MergeException =>
                ErrorCategory.InvalidData,
            RecipeException => ErrorCategory.InvalidArgument,
            ConversionException => ErrorCategory.InvalidData,
            CheckpointException { Defect: "Missing" } or FileNotFoundException or DirectoryNotFoundException =>
                ErrorCategory.ObjectNotFound,
            CheckpointException => ErrorCategory.InvalidArgument,
            OutputException { Defect: "Exists" } => ErrorCategory.ResourceExists,
            OutputException { Defect: "FormatUnknown" } => ErrorCategory.InvalidArgument,
            OutputException => ErrorCategory.WriteError,
            DeviceException or PictureException or TorchRuntimeException or NotLocalException => ErrorCategory.ResourceUnavailable,
            UnauthorizedAccessException => ErrorCategory.PermissionDenied,
            IOException => ErrorCategory.ReadError,
            _ => ErrorCategory.NotSpecified,
        };
}
