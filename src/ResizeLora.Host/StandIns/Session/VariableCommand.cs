using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Session;

/// <summary>What the commands on variables share: they work in the caller's scope, or in the global or script one.</summary>
internal abstract class VariableCommand : StandInCommand
{
    [Parameter]
    public string? Scope { get; set; }

    /// <summary>The name with the scope before it, as the session's own API takes it.</summary>
    protected string Qualify(string name) => Scope?.ToUpperInvariant() switch
    {
        null or "" or "LOCAL" or "0" => name,
        "GLOBAL" or "SCRIPT" => $"{Scope}:{name}",
        _ => throw new PSArgumentException($"The scope '{Scope}' is not one of Global, Local and Script."),
    };

    /// <summary>The variables whose names match.</summary>
    protected IEnumerable<PSVariable> Find(string pattern)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(pattern))
        {
            return SessionState.PSVariable.Get(Qualify(pattern)) is { } variable ? [variable] : [];
        }

        return InvokeProvider.Item.Get($"Variable:{pattern}").Select(item => item.BaseObject).OfType<PSVariable>();
    }
}
