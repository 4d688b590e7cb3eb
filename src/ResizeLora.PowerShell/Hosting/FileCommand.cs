using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>The base of cmdlets that work on one file after another, each as soon as it has come.</summary>
public abstract class FileCommand : PathCommand
{
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly SkippedFiles skipped = new();
    private int fileCount;

    /// <summary>What is done to each file, for the progress display.</summary>
    protected abstract string Activity { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        InputFile[] files = [.. ResolveFiles().SelectMany(static named => named.Files).Where(file => IsNew(file.Path))];
        foreach (InputFile file in files)
        {
            // The number of files that the pipeline will bring is not known.
            int? count = MyInvocation.ExpectingInput ? null : files.Length;
            StartItem(Activity, DisplayName(file.Path), fileCount++, count);
            Attempt(
                file.Path,
                () =>
                {
                    if (!TakesFolders && Directory.Exists(file.Path))
                    {
                        Skip(file, "is a folder");
                    }
                    else
                    {
                        TryProcessFile(
                            file,
                            FormattableString.Invariant($"file {fileCount}{(count is null ? string.Empty : $" of {count}")}")
                        );
                    }
                }
            );
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        CompleteProgress();

        // One warning rather than one a file: in a folder that is resized every night most files are earlier outputs.
        skipped.Warn(this, fileCount);
    }

    /// <summary>Works on one file; a failure becomes an error of that file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="place">Which one it is, for messages: file 2 of 3.</param>
    internal abstract void ProcessFile(InputFile file, string place);

    /// <summary>Leaves a file alone with a warning, or with an error where the user named it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="reason">Why it cannot be processed: a clause to follow the file's name.</param>
    internal void Skip(InputFile file, string reason)
    {
        if (file.IsNamed)
        {
            BeforeError();
            WriteError(EngineError.Create(new UnsupportedFileException(file.Path, $"'{file.Path}' {reason}."), file.Path));
        }
        else
        {
            skipped.Add(this, file.Path, reason);
        }
    }

    /// <summary>Whether a file has not come before in this run.</summary>
    /// <param name="path">Its full path.</param>
    protected virtual bool IsNew(string path) => known.Add(path);

    // In a folder that a cloud service keeps, files that were not fetched are no surprise.
    private void TryProcessFile(InputFile file, string place)
    {
        try
        {
            ProcessFile(file, place);
        }
        catch (NotLocalException exception) when (!file.IsNamed && exception.Path == file.Path)
        {
            skipped.Add(this, file.Path, NotLocalException.Reason);
        }
    }

    // A path that ends with a separator has no file name, and progress without a text is an error.
    private static string DisplayName(string path) => System.IO.Path.GetFileName(path) is { Length: > 0 } name ? name : path;
}
