using System.Management.Automation;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Binding;

/// <summary>
/// Takes the output type by its name, by the bits that the reference program's users type (16, 32), or by kohya's words (fp16, bf16,
/// float).
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OutputTypeTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return LanguagePrimitives.ConvertTo<string>(value)?.Trim().ToLowerInvariant() switch
        {
            "16" or "fp16" or "half" => OutputType.Float16,
            "bf16" => OutputType.BFloat16,
            "32" or "fp32" or "float" => OutputType.Float32,
            _ => inputData,
        };
    }
}
