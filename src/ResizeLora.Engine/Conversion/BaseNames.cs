using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Conversion;

/// <summary>The dotted names of a base model's modules, to give an underscored name its dots.</summary>
internal static class BaseNames
{
    private static readonly string[] Suffixes = [".weight", ".bias"];

    /// <summary>The names of base models.</summary>
    /// <param name="checkpoints">The base models.</param>
    /// <returns>Dotted names by their underscored ones, with and without what stands in front of the module.</returns>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyList<Checkpoint> checkpoints)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        IEnumerable<ITensorFile> files = checkpoints.SelectMany(static checkpoint => checkpoint.Files).Select(static file => file.Source);
        foreach (string tensor in files.SelectMany(static file => file.Header.Tensors).Select(static tensor => tensor.Name))
        {
            string? suffix = Array.Find(Suffixes, suffix => tensor.EndsWith(suffix, StringComparison.Ordinal));
            string module = suffix is null ? tensor : tensor[..^suffix.Length];
            for (int start = 0; start < module.Length; start = NextPart(module, start))
            {
                names.TryAdd(NameTable.Underscored(module[start..]), module[start..]);
            }
        }

        return names;
    }

    private static int NextPart(string module, int start)
    {
        int dot = module.IndexOf('.', start);
        return dot < 0 ? module.Length : dot + 1;
    }
}
