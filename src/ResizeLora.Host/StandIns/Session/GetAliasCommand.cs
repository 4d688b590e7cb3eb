using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Session;

/// <summary>Lists the other names of commands.</summary>
[Cmdlet(VerbsCommon.Get, "Alias", DefaultParameterSetName = "Default")]
[OutputType(typeof(AliasInfo))]
internal sealed class GetAliasCommand : StandInCommand
{
    [Parameter(Position = 0, ParameterSetName = "Default", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Name { get; set; } = ["*"];

    [Parameter(Mandatory = true, ParameterSetName = "Definition")]
    public string[] Definition { get; set; } = [];

    protected override void ProcessRecord()
    {
        string[] patterns = ParameterSetName == "Definition" ? Definition : Name;
        foreach (string pattern in patterns)
        {
            AliasInfo[] found = [.. Find(pattern)];
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(pattern))
            {
                WriteError(new ErrorRecord(
                    new ItemNotFoundException($"This command cannot find a matching alias because an alias with the {ParameterSetName.Replace("Default", "name", StringComparison.Ordinal).ToLowerInvariant()} '{pattern}' does not exist."),
                    "ItemNotFoundException",
                    ErrorCategory.ObjectNotFound,
                    pattern));
            }

            WriteObject(found, enumerateCollection: true);
        }
    }

    private IEnumerable<AliasInfo> Find(string pattern)
    {
        var wildcard = new WildcardPattern(pattern, WildcardOptions.IgnoreCase);
        return InvokeCommand.GetCommands("*", CommandTypes.Alias, nameIsPattern: true)
            .OfType<AliasInfo>()
            .Where(alias => wildcard.IsMatch(ParameterSetName == "Definition" ? alias.Definition : alias.Name))
            .OrderBy(alias => alias.Name, StringComparer.OrdinalIgnoreCase);
    }
}
