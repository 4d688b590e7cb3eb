using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>Adds note properties, script properties and script methods to objects.</summary>
[Cmdlet(VerbsCommon.Add, "Member", DefaultParameterSetName = "TypeNameSet")]
internal sealed class AddMemberCommand : ObjectCommand
{
    [Parameter(Mandatory = true, ParameterSetName = "TypeNameSet")]
    public string? TypeName { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "MemberSet")]
    [Alias("Type")]
    public PSMemberTypes MemberType { get; set; }

    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "MemberSet")]
    public string Name { get; set; } = string.Empty;

    [Parameter(Position = 2, ParameterSetName = "MemberSet")]
    public object? Value { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "NotePropertySingleMemberSet")]
    [NotAMemberType]
    public string NotePropertyName { get; set; } = string.Empty;

    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "NotePropertySingleMemberSet")]
    [AllowNull]
    public object? NotePropertyValue { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "NotePropertyMultiMemberSet")]
    public IDictionary? NotePropertyMembers { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        if (!HasInput)
        {
            return;
        }

        if (TypeName is not null)
        {
            InputObject!.TypeNames.Insert(0, TypeName);
        }

        foreach (PSMemberInfo member in CreateMembers())
        {
            Attempt(InputObject, () =>
            {
                if (Force)
                {
                    InputObject!.Members.Remove(member.Name);
                }

                InputObject!.Members.Add(member);
            });
        }

        if (PassThru)
        {
            WriteObject(InputObject);
        }
    }

    private IEnumerable<PSMemberInfo> CreateMembers() => ParameterSetName switch
    {
        "NotePropertyMultiMemberSet" => NotePropertyMembers!.Cast<DictionaryEntry>().Select(entry => new PSNoteProperty(entry.Key.ToString(), entry.Value)),
        "MemberSet" => [CreateMember()],
        "TypeNameSet" => [],
        _ => [new PSNoteProperty(NotePropertyName, NotePropertyValue)],
    };

    private PSMemberInfo CreateMember() => MemberType switch
    {
        PSMemberTypes.NoteProperty => new PSNoteProperty(Name, Value),
        PSMemberTypes.ScriptProperty => new PSScriptProperty(Name, LanguagePrimitives.ConvertTo<ScriptBlock>(Value)),
        PSMemberTypes.ScriptMethod => new PSScriptMethod(Name, LanguagePrimitives.ConvertTo<ScriptBlock>(Value)),
        PSMemberTypes.AliasProperty => new PSAliasProperty(Name, Value?.ToString()),
        _ => throw new PSArgumentException($"Members of the type {MemberType} cannot be added here."),
    };
}
