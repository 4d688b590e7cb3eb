namespace ResizeLora.KeyLists;

/// <summary>The lists of ../shared/reach/keylists, which are not part of the project.</summary>
internal static class SharedLists
{
    private const string Variable = "RESIZELORA_SHARED";
    private static readonly Dictionary<string, KeyList> Known = new(StringComparer.Ordinal);

    /// <summary>The folder, or null where there is none.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>Reads a list; the test is skipped where there are none.</summary>
    /// <param name="name">The list's name.</param>
    public static KeyList Get(string name)
    {
        Assert.SkipWhen(Folder is null, "There is no shared/reach/keylists beside the repository.");
        string path = Path.Combine(Folder, $"{name}.json");
        Assert.SkipUnless(File.Exists(path), $"shared/reach/keylists has no {name}.");
        lock (Known)
        {
            if (!Known.TryGetValue(name, out KeyList? list))
            {
                Known.Add(name, list = KeyList.Read(path));
            }

            return list;
        }
    }

    private static string? Find()
    {
        string? given = Environment.GetEnvironmentVariable(Variable);
        if (given is not null)
        {
            return Existing(given);
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Existing(Path.Combine(folder.FullName, "shared")) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static string? Existing(string shared)
    {
        string lists = Path.Combine(shared, "reach", "keylists");
        return Directory.Exists(lists) ? lists : null;
    }
}
