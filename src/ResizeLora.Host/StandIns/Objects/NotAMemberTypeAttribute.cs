using System.Management.Automation;
using ResizeLora.Host.Engine;

namespace ResizeLora.Host.StandIns.Objects;

/// <summary>Refuses the names of member types, so that <c>Add-Member ScriptProperty Name …</c> is not taken for a note property.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotAMemberTypeAttribute : ValidateArgumentsAttribute
{
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is string name && Enum.TryParse<PSMemberTypes>(name, ignoreCase: true, out _))
        {
            throw EngineInternals.CreateSkippedValidationException($"'{name}' is a member type and cannot be a note property's name here.");
        }
    }
}
