using ResizeLora.Recipes;
using ResizeLora.Safetensors;

namespace ResizeLora.Resizing;

/// <summary>Decides where the outputs of one run go, and that no two of them, nor an output and an existing file, meet.</summary>
public sealed class OutputPlacement
{
    private readonly OutputNames names;
    private readonly string? folder;
    private readonly HashSet<string> placed = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> prepared = new(StringComparer.Ordinal);

    /// <summary>Prepares for a run.</summary>
    /// <param name="recipes">All of its recipes, in their order.</param>
    /// <param name="folder">The full path of the output folder, or null to put each output beside its input.</param>
    public OutputPlacement(IEnumerable<ResizeRecipe> recipes, string? folder)
    {
        names = new OutputNames(recipes);
        this.folder = folder;
    }

    /// <summary>Finds an output of an earlier run, without computing anything.</summary>
    /// <param name="source">The LoRA file.</param>
    /// <param name="index">The recipe's place in the run.</param>
    /// <returns>Its path, or null; null too for what this run itself has written, which <see cref="Place"/> complains of.</returns>
    public string? FindExisting(string source, int index)
    {
        string? existing = names.FindExisting(FolderOf(source), source, index);
        return existing is not null && placed.Contains(OutputGuard.Resolve(existing)) ? null : existing;
    }

    /// <summary>Gives an output its path.</summary>
    /// <param name="source">The LoRA file.</param>
    /// <param name="index">The recipe's place in the run.</param>
    /// <param name="threshold">The threshold that was used, or null.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="OutputException">The path is taken.</exception>
    public string Place(string source, int index, double? threshold, bool overwrite)
    {
        string path = Path.Combine(FolderOf(source), names.NameOf(source, index, threshold));
        ReservedNames.Check(path);
        if (!placed.Add(OutputGuard.Resolve(path)))
        {
            throw new OutputException(path, "Taken", $"another file of this run was given that name; '{source}' needs another output folder.");
        }

        return overwrite || !File.Exists(path) ? path : throw OutputException.Exists(path);
    }

    /// <summary>Makes the folder of an output, and removes what killed runs left there.</summary>
    /// <param name="path">The output.</param>
    /// <param name="progress">Told of what was removed.</param>
    /// <exception cref="OutputException">The folder cannot be made.</exception>
    public void Prepare(string path, IProgress<EngineEvent>? progress)
    {
        string target = Path.GetDirectoryName(path)!;
        if (!prepared.Add(target))
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputException.From(path, exception);
        }

        if (TemporaryFile.RemoveLeftovers(target) is int removed and > 0)
        {
            progress?.Report(new EngineNote(EngineNoteLevel.Verbose, $"{removed} unfinished files of earlier runs were removed from '{target}'."));
        }
    }

    private string FolderOf(string source) => folder ?? Path.GetDirectoryName(source)!;
}
