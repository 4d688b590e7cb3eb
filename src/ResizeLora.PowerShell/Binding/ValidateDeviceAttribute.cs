using System.Management.Automation;
using ResizeLora.Compute;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Accepts the names of devices: auto, cpu, cuda, cuda:N.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidateDeviceAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (!ComputeDevice.IsValidName(arguments as string))
        {
            throw new ValidationMetadataException($"There is no device '{arguments}'; use auto, cpu, cuda or cuda:N.");
        }
    }
}
