namespace ResizeLora.Host.CommandLine;

/// <summary>What the user asked the console to do.</summary>
internal enum HostAction
{
    /// <summary>Run the command text, then end.</summary>
    Command,

    /// <summary>Run a script file with its arguments, then end.</summary>
    File,

    /// <summary>Run what standard input holds, then end.</summary>
    StandardInput,

    /// <summary>Prompt for commands until the user leaves.</summary>
    Interactive,

    /// <summary>Print how the console is used.</summary>
    Usage,

    /// <summary>Print the versions of the console and of the engine.</summary>
    Version,
}
