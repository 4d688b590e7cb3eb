using System.Management.Automation;
using System.Management.Automation.Runspaces;
using ResizeLora.Pester.Host.Blocks;

namespace ResizeLora.Pester.Host.Commands;

/// <summary>The words of Pester that this stand-in knows. A word that is not here does not exist, so a file that uses it fails.</summary>
public static class PesterLanguage
{
    // The engine wants a verb and a noun of a compiled command; Pester's words are aliases of it.
    private static readonly (Type Command, string[] Aliases)[] Words =
    [
        (typeof(AddBlockCommand), ["Describe", "Context"]),
        (typeof(AddTestCommand), ["It"]),
        (typeof(AddStepCommand), Enum.GetNames<StepKind>()),
        (typeof(InvokeDiscoveryCommand), ["BeforeDiscovery"]),
        (typeof(ShouldCommand), ["Should"]),
        (typeof(SetItResultCommand), []),
    ];

    /// <summary>Adds the words to a session.</summary>
    /// <param name="state">The session to be.</param>
    public static void AddTo(InitialSessionState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach ((Type command, string[] aliases) in Words)
        {
            var attribute = (CmdletAttribute)Attribute.GetCustomAttribute(command, typeof(CmdletAttribute))!;
            string name = $"{attribute.VerbName}-{attribute.NounName}";
            state.Commands.Add(new SessionStateCmdletEntry(name, command, null));
            state.Commands.Add(aliases.Select(alias => new SessionStateAliasEntry(alias, name)));
        }
    }
}
