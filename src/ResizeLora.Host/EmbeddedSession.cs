using System.Management.Automation;
using System.Management.Automation.Runspaces;
using ResizeLora.Host.StandIns;

namespace ResizeLora.Host;

/// <summary>Sessions of the embedded PowerShell engine, as this console and the tests use them.</summary>
public static class EmbeddedSession
{
    /// <summary>The manifest of the module that the build leaves beside this program's folder.</summary>
    public static string DefaultModuleManifest { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "ResizeLora", "ResizeLora.psd1"));

    /// <summary>
    /// The engine's own commands, providers, aliases and format views, and a stand-in for each everyday command that is absent.
    /// </summary>
    public static InitialSessionState CreateInitialState()
    {
        // ExecutionPolicy stays unset: setting it throws where the system is not Windows.
        InitialSessionState state = InitialSessionState.CreateDefault2();
        StandInCommands.AddTo(state);
        return state;
    }

    /// <summary>Imports a module into an open runspace.</summary>
    /// <param name="runspace">The runspace, open and idle.</param>
    /// <param name="path">The module's manifest, script or folder.</param>
    /// <exception cref="RuntimeException">The module cannot be imported; the message says why.</exception>
    public static void ImportModule(Runspace runspace, string path)
    {
        ArgumentNullException.ThrowIfNull(runspace);
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand("Import-Module")
            .AddParameter("Name", Path.GetFullPath(path))
            .AddParameter("ErrorAction", ActionPreference.Stop);
        shell.Invoke();
    }
}
