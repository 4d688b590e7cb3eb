using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Resizing;

/// <summary>
/// Decides where the outputs of one run go. An output goes into the folder that was asked for. Where its name is taken by an
/// output of the same source that was made otherwise, it gets another name; where it is taken by an output of another source, it
/// goes into a subfolder that bears the name of its source's folder (and of the folders above, as far as that is taken too).
/// So nothing is replaced, and a later run finds each output by what it was made from, in whatever order the sources come.
/// </summary>
public sealed class OutputPlacement
{
    private readonly string? folder;
    private readonly Dictionary<string, string> resolvedFolders = new(StringComparer.Ordinal);
    private readonly HashSet<string> visited = new(StringComparer.Ordinal);
    private readonly HashSet<string> cleaned = new(StringComparer.Ordinal);

    // Outputs of this run, written or found, with their sources. Whether case tells two names apart, the file system says.
    private readonly Dictionary<string, List<(string Path, string Source)>> written = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<(string Path, string Source)>> found = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Prepares for a run.</summary>
    /// <param name="folder">The full path of the output folder, or null to put each output beside its input.</param>
    public OutputPlacement(string? folder)
    {
        this.folder = folder;
    }

    // What stands where an output would go.
    private enum Occupant
    {
        None,

        // The output itself, of an earlier run or another process.
        Same,

        // An output of the same source that was made otherwise.
        OtherWay,

        // One that was made in the same way from another source, or from an earlier content of this one.
        OtherContent,

        // Any other output of another source.
        OtherSource,
    }

    /// <summary>Finds an output of an earlier run, without computing anything; what this run has written does not count.</summary>
    /// <param name="making">The output.</param>
    /// <returns>Its path, or null.</returns>
    public string? FindExisting(OutputDescription making)
    {
        ArgumentNullException.ThrowIfNull(making);
        string? path = making.HasOpenName ? FindByPattern(making) : FindByName(making, making.NamedThreshold);
        if (path is not null)
        {
            Add(path, making.SourcePath, found);
        }

        return path;
    }

    /// <summary>Gives an output its path.</summary>
    /// <param name="making">The output.</param>
    /// <param name="threshold">The threshold that was used, or null.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="OutputException">The output exists, or the name is one that the system does not allow.</exception>
    public string Place(OutputDescription making, double? threshold, bool overwrite)
    {
        ArgumentNullException.ThrowIfNull(making);
        string? existing = FindByName(making, threshold);
        if (existing is not null && !overwrite)
        {
            throw OutputException.Exists(existing);
        }

        string path = existing ?? FindFree(making, threshold, overwrite);
        ReservedNames.Check(path);
        Add(path, making.SourcePath, written);
        return path;
    }

    /// <summary>Marks the folder where a source's outputs would go, so that it is cleaned even when there is nothing to write.</summary>
    /// <param name="source">The LoRA file.</param>
    public void Visit(string source)
    {
        string target = folder ?? Path.GetDirectoryName(source)!;
        if (Directory.Exists(target))
        {
            visited.Add(target);
        }
    }

    /// <summary>Makes the folder of an output, and removes what killed runs left there.</summary>
    /// <param name="path">The output.</param>
    /// <param name="progress">Told of what was removed.</param>
    /// <exception cref="OutputException">The folder cannot be made.</exception>
    public void Prepare(string path, IProgress<EngineEvent>? progress)
    {
        string target = Path.GetDirectoryName(path)!;
        try
        {
            Directory.CreateDirectory(target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw OutputException.From(path, exception);
        }

        visited.Add(target);
        RemoveLeftovers(progress);
    }

    /// <summary>Removes what killed runs left in the folders that were looked into, once in a run.</summary>
    /// <param name="progress">Told of what was removed.</param>
    public void RemoveLeftovers(IProgress<EngineEvent>? progress)
    {
        foreach (string target in visited.Where(cleaned.Add))
        {
            if (TemporaryFile.RemoveLeftovers(target) is int removed and > 0)
            {
                string text = $"{removed} unfinished files of earlier runs were removed from '{target}'.";
                progress?.Report(new EngineNote(EngineNoteLevel.Verbose, text));
            }
        }

        visited.Clear();
    }

    private string? FindByName(OutputDescription making, double? threshold)
    {
        foreach (string target in FoldersOf(making.SourceFolder))
        {
            visited.Add(target);
            string PathOf(string name) => Path.Combine(target, name);
            IEnumerable<string> counted = making.CountedNamesFor(threshold).Select(PathOf).TakeWhile(File.Exists);
            string? path = FindSame(making.NamesFor(threshold).Select(PathOf).Concat(counted), making, out bool isSomebodyElses);
            if (path is not null || !isSomebodyElses)
            {
                return path;
            }
        }

        return null;
    }

    // Where a recipe asks for a size or a quality, the threshold is part of the name but not known yet; any number may stand there.
    private string? FindByPattern(OutputDescription making)
    {
        foreach (string target in FoldersOf(making.SourceFolder).Where(Directory.Exists))
        {
            visited.Add(target);
            IEnumerable<string> outputs = making.IsPeftFolder
                ? Directory.EnumerateDirectories(target).Select(PeftFolder.AdapterIn).OfType<string>()
                : Directory.EnumerateFiles(target);
            IEnumerable<string> paths = outputs.Where(file => making.MayBeNamed(Path.GetRelativePath(target, file)));
            string? path = FindSame(paths.Order(StringComparer.Ordinal), making, out bool isSomebodyElses);
            if (path is not null || !isSomebodyElses)
            {
                return path;
            }
        }

        return null;
    }

    private string? FindSame(IEnumerable<string> paths, OutputDescription making, out bool isSomebodyElses)
    {
        isSomebodyElses = false;
        foreach (string path in paths)
        {
            Occupant occupant = OccupantOf(path, making);
            if (occupant == Occupant.Same)
            {
                return path;
            }

            isSomebodyElses |= occupant is Occupant.OtherContent or Occupant.OtherSource;
        }

        return null;
    }

    private string FindFree(OutputDescription making, double? threshold, bool overwrite)
    {
        string[] targets = FoldersOf(making.SourceFolder).ToArray();
        for (int index = 0; ; index++)
        {
            foreach (string name in making.NamesFor(threshold).Concat(making.CountedNamesFor(threshold)))
            {
                string path = Path.Combine(targets[index], name);
                Occupant occupant = OccupantOf(path, making);
                if (occupant == Occupant.None || (overwrite && occupant == Occupant.OtherContent))
                {
                    return path;
                }

                if (occupant is Occupant.OtherContent or Occupant.OtherSource && index < targets.Length - 1)
                {
                    break;
                }
            }
        }
    }

    private Occupant OccupantOf(string path, OutputDescription making)
    {
        if (SourceOf(path, written) is { } writer)
        {
            return writer == making.SourcePath ? Occupant.OtherWay : Occupant.OtherSource;
        }

        if (!File.Exists(path))
        {
            return Occupant.None;
        }

        if (SourceOf(path, found) is { } owner && owner != making.SourcePath)
        {
            return Occupant.OtherSource;
        }

        return making.Compare(path) switch
        {
            (true, true) => Occupant.Same,
            (true, false) => Occupant.OtherWay,
            (false, true) => Occupant.OtherContent,
            (false, false) => Occupant.OtherSource,
        };
    }

    // For loras/a/x.safetensors: the output folder, then a, then loras/a below it.
    private IEnumerable<string> FoldersOf(string sourceFolder)
    {
        string? parent = sourceFolder;
        yield return folder ?? sourceFolder;
        string below = string.Empty;
        while (folder is not null && parent is not null && Path.GetFileName(parent) is { Length: > 0 } name)
        {
            below = Path.Combine(name, below);
            yield return Path.TrimEndingDirectorySeparator(Path.Combine(folder, below));
            parent = Path.GetDirectoryName(parent);
        }
    }

    private string? SourceOf(string path, Dictionary<string, List<(string Path, string Source)>> outputs)
    {
        string resolved = Resolve(path);
        bool IsIt((string Path, string Source) output) => output.Path == resolved || OutputGuard.AreOneFile(output.Path, resolved);
        return outputs.GetValueOrDefault(resolved)?.Find(IsIt).Source;
    }

    private void Add(string path, string source, Dictionary<string, List<(string Path, string Source)>> outputs)
    {
        string resolved = Resolve(path);
        if (!outputs.TryGetValue(resolved, out List<(string Path, string Source)>? known))
        {
            outputs.Add(resolved, known = []);
        }

        known.Add((resolved, source));
    }

    private string Resolve(string path)
    {
        string target = Path.GetDirectoryName(path)!;
        if (!resolvedFolders.TryGetValue(target, out string? resolved))
        {
            resolvedFolders.Add(target, resolved = OutputGuard.Resolve(target));
        }

        return Path.Combine(resolved, Path.GetFileName(path));
    }
}
