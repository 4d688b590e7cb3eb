namespace ResizeLora.Host.CommandLine;

/// <summary>Reads the command line as PowerShell's own console does: options first, then the command.</summary>
internal static class HostOptionsParser
{
    /// <summary>Reads <paramref name="arguments"/>.</summary>
    /// <exception cref="UsageException">An option is unknown, or lacks its value.</exception>
    public static HostOptions Parse(IReadOnlyList<string> arguments, bool inputIsRedirected)
    {
        string? modulePath = null;
        bool noModule = false;

        HostOptions Choose(HostAction action, string text = "", IReadOnlyList<string>? scriptArguments = null) => new()
        {
            Action = action,
            Text = text,
            ScriptArguments = scriptArguments ?? [],
            ModulePath = modulePath,
            NoModule = noModule,
        };

        for (int index = 0; index < arguments.Count; index++)
        {
            string argument = arguments[index];
            switch (OptionName(argument))
            {
                case null:
                    return Choose(HostAction.Command, JoinFrom(arguments, index));
                case "command" or "c":
                    RequireValue(arguments, index, "a command");
                    return arguments[index + 1] == "-"
                        ? Choose(HostAction.StandardInput)
                        : Choose(HostAction.Command, JoinFrom(arguments, index + 1));
                case "file" or "f":
                    RequireValue(arguments, index, "a script file");
                    return Choose(HostAction.File, arguments[index + 1], [.. arguments.Skip(index + 2)]);
                case "module":
                    RequireValue(arguments, index, "the path of a module");
                    modulePath = arguments[++index];
                    break;
                case "nomodule":
                    noModule = true;
                    break;
                case "version" or "v":
                    return Choose(HostAction.Version);
                case "?" or "h" or "help":
                    return Choose(HostAction.Usage);
                case "":
                    return Choose(HostAction.StandardInput);
                case "nologo" or "noprofile":
                    // Typed from habit, and true already: there is no profile, and a command prints no banner.
                    break;
                default:
                    throw new UsageException($"There is no option {argument}.");
            }
        }

        return Choose(inputIsRedirected ? HostAction.StandardInput : HostAction.Interactive);
    }

    /// <summary>The option's name without dashes in lower case, or null when the argument is no option.</summary>
    private static string? OptionName(string argument) => argument switch
    {
        "/?" => "?",
        ['-', ..] => argument.TrimStart('-').ToLowerInvariant(),
        _ => null,
    };

    private static string JoinFrom(IReadOnlyList<string> arguments, int first) => string.Join(' ', arguments.Skip(first));

    private static void RequireValue(IReadOnlyList<string> arguments, int index, string value)
    {
        if (index + 1 >= arguments.Count)
        {
            throw new UsageException($"The option {arguments[index]} asks for {value}.");
        }
    }
}
