namespace ResizeLora.Recipes;

/// <summary>
/// Which version of kohya-ss/sd-scripts' resize_lora.py <c>sv_ratio</c>, <c>sv_fro</c> and <c>sv_cumulative</c> count as.
/// </summary>
public enum SvCount
{
    /// <summary>Since pull request 2194 (merged in 2026): exactly the dimensions that the rule asks for, at least one.</summary>
    New,

    /// <summary>Before it: one dimension more than the rule asks for, at least two where there are two.</summary>
    Old,
}
