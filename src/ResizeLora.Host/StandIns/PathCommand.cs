using System.Collections.ObjectModel;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns;

/// <summary>
/// A stand-in that takes paths of any provider: with wildcards in <c>-Path</c>, which each command declares with its own
/// position, or exact ones in <c>-LiteralPath</c>, which items bind to by their PSPath.
/// </summary>
internal abstract class PathCommand : StandInCommand
{
    /// <summary>The parameter set of <c>-Path</c>.</summary>
    protected const string PathSet = "Path";

    /// <summary>The parameter set of <c>-LiteralPath</c>.</summary>
    protected const string LiteralPathSet = "LiteralPath";

    public abstract string[] Path { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Whether wildcards stand for themselves.</summary>
    protected bool IsLiteral => ParameterSetName == LiteralPathSet;

    /// <summary>The paths as they were given.</summary>
    protected string[] GivenPaths => IsLiteral ? LiteralPath : Path;

    /// <summary>The items that one given path means; an error and no item when it means none.</summary>
    protected Collection<PSObject> GetItems(string path, bool force) =>
        Attempt(path, () => InvokeProvider.Item.Get([path], force, IsLiteral), otherwise: []);

    /// <summary>The files that a given path means, as the file system names them, whether or not they exist.</summary>
    protected IReadOnlyList<string> GetFiles(string path, bool mayBeNew = false) =>
        Attempt<IReadOnlyList<string>>(
            path,
            () =>
            {
                bool isExact = IsLiteral || (mayBeNew && !WildcardPattern.ContainsWildcardCharacters(path));
                ProviderInfo provider;
                IReadOnlyList<string> files;
                if (isExact)
                {
                    files = [SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _)];
                }
                else
                {
                    files = GetResolvedProviderPathFromPSPath(path, out provider);
                }

                return provider.Name == "FileSystem"
                    ? files
                    : throw new NotSupportedException($"{MyInvocation.MyCommand.Name} reads and writes files only; '{path}' is of the provider {provider.Name}.");
            },
            otherwise: []);

    /// <summary>An item's path with its provider, exact.</summary>
    protected static string PSPathOf(PSObject item) => (string)item.Properties["PSPath"].Value;

    /// <summary>An item's own name, which providers without folders, such as Env:, give as Name alone.</summary>
    protected static string ChildNameOf(PSObject item) =>
        (string?)(item.Properties["PSChildName"] ?? item.Properties["Name"])?.Value ?? string.Empty;

    /// <summary>Whether an item holds others.</summary>
    protected static bool IsContainer(PSObject item) => item.Properties["PSIsContainer"]?.Value is true;

    /// <summary>The path as a person reads it: without the provider's name.</summary>
    protected static string DisplayPath(PSObject item) => item.BaseObject is FileSystemInfo file ? file.FullName : PSPathOf(item);
}
