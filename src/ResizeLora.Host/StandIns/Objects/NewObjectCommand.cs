using System.Collections;
using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>Makes an object of a .NET type, or one with the given properties.</summary>
[Cmdlet(VerbsCommon.New, "Object")]
internal sealed class NewObjectCommand : StandInCommand
{
    [Parameter(Mandatory = true, Position = 0)]
    public string TypeName { get; set; } = string.Empty;

    [Parameter(Position = 1)]
    [Alias("Args")]
    public object[] ArgumentList { get; set; } = [];

    [Parameter]
    public IDictionary? Property { get; set; }

    protected override void ProcessRecord()
    {
        PSObject? created = Attempt(TypeName, Create, otherwise: null);
        if (created is not null)
        {
            WriteObject(created);
        }
    }

    private PSObject? Create()
    {
        if (!LanguagePrimitives.TryConvertTo(TypeName, out Type type))
        {
            throw new PSArgumentException($"Cannot find type [{TypeName}]: verify that the assembly containing this type is loaded.");
        }

        bool isNew = type == typeof(PSObject) || type == typeof(PSCustomObject);
        PSObject created = isNew ? new PSObject() : PSObject.AsPSObject(Construct(type));
        foreach (DictionaryEntry entry in Property ?? new Hashtable())
        {
            string name = entry.Key.ToString()!;
            if (isNew)
            {
                created.Properties.Add(new PSNoteProperty(name, entry.Value));
            }
            else
            {
                created.Properties[name].Value = entry.Value;
            }
        }

        return created;
    }

    private object Construct(Type type)
    {
        // The language's own call, so that the arguments are converted as PowerShell converts them.
        ScriptBlock call = InvokeCommand.NewScriptBlock("param($type, $arguments) , $type::new.Invoke($arguments)");
        return ArgumentList.Length == 0 && type.IsValueType
            ? Activator.CreateInstance(type)!
            : call.InvokeReturnAsIs(type, ArgumentList);
    }
}
