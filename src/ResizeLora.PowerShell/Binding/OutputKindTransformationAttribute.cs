using System.Management.Automation;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Takes the names of kinds too where the form of an output is asked: LoCon is LoRA, and LoKr is the same kind.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OutputKindTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return LanguagePrimitives.ConvertTo<string>(value)?.Trim().ToLowerInvariant() switch
        {
            "locon" => OutputKind.LoRA,
            "lokr" => OutputKind.Same,
            _ => inputData,
        };
    }
}
