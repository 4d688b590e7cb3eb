using System.Management.Automation;

namespace ResizeLora.Pester.Host.Blocks;

/// <summary>What a file said about one block or one test.</summary>
/// <param name="Name">The name as written.</param>
/// <param name="Body">The script block.</param>
/// <param name="Line">The line on which it stands.</param>
/// <param name="Skip">Whether <c>-Skip</c> was set.</param>
/// <param name="Tags">The item's own tags.</param>
/// <param name="Data">The variables of one <c>-ForEach</c> element.</param>
public sealed record ItemDefinition(
    string Name,
    ScriptBlock Body,
    int Line,
    bool Skip,
    IReadOnlyList<string> Tags,
    IReadOnlyDictionary<string, object?> Data);
