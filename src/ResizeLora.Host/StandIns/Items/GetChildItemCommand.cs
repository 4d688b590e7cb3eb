using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>Lists what a folder holds; recursion writes as it goes.</summary>
[Cmdlet(VerbsCommon.Get, "ChildItem", DefaultParameterSetName = PathSet)]
internal sealed class GetChildItemCommand : FilteredPathCommand
{
    private NameFilter _names = new(null, null, null);

    [Parameter(Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = ["."];

    [Parameter(Position = 1)]
    public override string? Filter { get; set; }

    [Parameter]
    [Alias("s", "r")]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public uint Depth { get; set; } = uint.MaxValue;

    [Parameter]
    public SwitchParameter File { get; set; }

    [Parameter]
    [Alias("ad")]
    public SwitchParameter Directory { get; set; }

    [Parameter]
    [Alias("h")]
    public SwitchParameter Hidden { get; set; }

    [Parameter]
    public SwitchParameter Name { get; set; }

    private bool IsRecursive => Recurse || MyInvocation.BoundParameters.ContainsKey(nameof(Depth));

    protected override void ProcessRecord()
    {
        foreach (string path in GivenPaths)
        {
            bool hasWildcards = !IsLiteral && WildcardPattern.ContainsWildcardCharacters(path);
            if (IsRecursive && hasWildcards)
            {
                WriteMatchesOnEveryLevel(path);
            }
            else if (Include is null || IsRecursive || hasWildcards)
            {
                // PowerShell's -Include means the items that the path names, and a folder's own name is not among its content's.
                _names = CreateNameFilter();
                WriteLevel(path, IsLiteral, relativeTo: string.Empty, level: 0);
            }
        }
    }

    /// <summary>With -Recurse, wildcards in the last part of a path choose names on every level, unless they mean folders alone.</summary>
    private void WriteMatchesOnEveryLevel(string path)
    {
        if (Attempt(path, () => InvokeProvider.Item.IsContainer(path), otherwise: false))
        {
            _names = CreateNameFilter();
            foreach (PSObject folder in GetItems(path, Force))
            {
                WriteLevel(PSPathOf(folder), isLiteral: true, relativeTo: string.Empty, level: 0);
            }

            return;
        }

        string leaf = SessionState.Path.ParseChildName(path);
        string parent = SessionState.Path.ParseParent(path, null);
        _names = new NameFilter(Filter, [.. Include ?? [], leaf], Exclude);
        WriteLevel(parent.Length == 0 ? "." : parent, isLiteral: false, relativeTo: string.Empty, level: 0);
    }

    private void WriteLevel(string path, bool isLiteral, string relativeTo, uint level)
    {
        // The engine lists one level at a time here, so that Ctrl+C and the next command need not wait for a whole tree.
        var items = Attempt(
            path,
            () => InvokeProvider.ChildItem.Get([path], recurse: false, uint.MaxValue, Force || Hidden, isLiteral),
            otherwise: []);
        foreach (PSObject item in items)
        {
            if (IsWanted(item))
            {
                WriteObject(Name ? relativeTo + ChildNameOf(item) : item);
            }
        }

        if (!IsRecursive || level >= Depth)
        {
            return;
        }

        foreach (PSObject item in items)
        {
            if (Stopping)
            {
                return;
            }

            if (IsContainer(item) && !IsLink(item))
            {
                WriteLevel(PSPathOf(item), isLiteral: true, relativeTo + ChildNameOf(item) + System.IO.Path.DirectorySeparatorChar, level + 1);
            }
        }
    }

    private bool IsWanted(PSObject item) =>
        (!File || !IsContainer(item))
        && (!Directory || IsContainer(item))
        && (!Hidden || item.BaseObject is FileSystemInfo { Attributes: var attributes } && attributes.HasFlag(FileAttributes.Hidden))
        && _names.Admits(ChildNameOf(item));

    private static bool IsLink(PSObject item) => item.BaseObject is FileSystemInfo { LinkTarget: not null };
}
