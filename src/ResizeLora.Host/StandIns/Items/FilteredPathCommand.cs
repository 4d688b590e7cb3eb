using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Items;

/// <summary>A path command that can leave items out by their names.</summary>
internal abstract class FilteredPathCommand : PathCommand
{
    [Parameter]
    public virtual string? Filter { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The three name parameters as one filter.</summary>
    protected NameFilter CreateNameFilter() => new(Filter, Include, Exclude);

    /// <summary>The items of a given path that the filter leaves.</summary>
    protected IEnumerable<PSObject> GetFilteredItems(string path)
    {
        NameFilter names = CreateNameFilter();
        return GetItems(path, Force).Where(item => names.Admits(ChildNameOf(item)));
    }
}
