using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace ResizeLora.Host.StandIns;

/// <summary>
/// Small versions of PowerShell's everyday commands, for an engine without the modules that bring the real ones.
/// Each has the real one's parameter names and meaning, for the parameters that it has.
/// </summary>
public static class StandInCommands
{
    /// <summary>Adds every stand-in whose name the session does not have already.</summary>
    /// <param name="state">The state of a session that is not open yet.</param>
    public static void AddTo(InitialSessionState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (Type type in typeof(StandInCommands).Assembly.GetTypes())
        {
            if (type.GetCustomAttribute<CmdletAttribute>() is { } cmdlet)
            {
                string name = $"{cmdlet.VerbName}-{cmdlet.NounName}";
                if (state.Commands[name].Count == 0)
                {
                    state.Commands.Add(new SessionStateCmdletEntry(name, type, helpFileName: null));
                }
            }
        }
    }
}
