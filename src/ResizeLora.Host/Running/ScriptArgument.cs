using System.Management.Automation.Runspaces;

namespace ResizeLora.Host.Running;

/// <summary>Reads what follows a script file on the command line as <c>pwsh -File</c> does: all text, but for names and switches.</summary>
internal static class ScriptArgument
{
    /// <summary>Reads one argument.</summary>
    public static CommandParameter Read(string argument)
    {
        bool isName = argument is ['-', var first, ..] && (char.IsAsciiLetter(first) || first is '_' or '?');
        if (!isName)
        {
            return new CommandParameter(name: null, argument);
        }

        int colon = argument.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return new CommandParameter(argument, value: null);
        }

        string name = argument[..(colon + 1)];
        string text = argument[(colon + 1)..];
        return text.ToUpperInvariant() switch
        {
            "" => new CommandParameter(name, value: null),
            "$TRUE" => new CommandParameter(name, true),
            "$FALSE" => new CommandParameter(name, false),
            _ => new CommandParameter(name, text),
        };
    }
}
