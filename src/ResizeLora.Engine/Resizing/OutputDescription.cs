using System.IO.Hashing;
using System.Text;

namespace ResizeLora.Resizing;

/// <summary>What an output is made from and how, as far as it takes to find its place among files.</summary>
public abstract class OutputDescription
{
    private protected OutputDescription() { }

    /// <summary>The LoRA file; of a merge the path that it goes by.</summary>
    public abstract string SourcePath { get; }

    /// <summary>The folder in which the LoRA lies; of one of PEFT the folder in which that folder lies.</summary>
    public abstract string SourceFolder { get; }

    /// <summary>Whether the output is a folder of PEFT.</summary>
    public abstract bool IsPeftFolder { get; }

    /// <summary>The threshold, which is part of the name; null where it is not known yet, or there is none.</summary>
    internal virtual double? NamedThreshold => null;

    /// <summary>Whether the name has a part that is not known before the output is planned.</summary>
    internal virtual bool HasOpenName => false;

    /// <summary>The names that the output may have, the best first.</summary>
    /// <param name="threshold">The threshold that was used, or null.</param>
    internal abstract IReadOnlyList<string> NamesFor(double? threshold);

    /// <summary>The names for when all of those are taken; they never end.</summary>
    /// <param name="threshold">The threshold that was used, or null.</param>
    internal abstract IEnumerable<string> CountedNamesFor(double? threshold);

    /// <summary>Whether a file of that name may be the output.</summary>
    /// <param name="name">The file's name, from the folder of outputs on.</param>
    internal virtual bool MayBeNamed(string name) => false;

    /// <summary>Compares with an existing file, by its header alone. What the file does not say counts as the same.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Whether it is of the same source, and whether it was made in the same way.</returns>
    internal abstract (bool Source, bool Way) Compare(string path);

    /// <summary>A key of some layers, in whatever order they come.</summary>
    /// <param name="layers">Their names.</param>
    private protected static string KeyOf(IEnumerable<string> layers)
    {
        byte[] names = Encoding.UTF8.GetBytes(string.Join('\n', layers.Order(StringComparer.Ordinal)));
        return Convert.ToHexString(XxHash3.Hash(names)).ToLowerInvariant();
    }
}
