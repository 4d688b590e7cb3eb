namespace ResizeLora.Host.CommandLine;

/// <summary>The command line, read.</summary>
internal sealed record HostOptions
{
    /// <summary>What to do.</summary>
    public required HostAction Action { get; init; }

    /// <summary>The command text, or the path of the script file.</summary>
    public string Text { get; init; } = string.Empty;

    /// <summary>What follows the script file.</summary>
    public IReadOnlyList<string> ScriptArguments { get; init; } = [];

    /// <summary>The module that <c>-Module</c> names, when it was given.</summary>
    public string? ModulePath { get; init; }

    /// <summary>Start without the module.</summary>
    public bool NoModule { get; init; }
}
