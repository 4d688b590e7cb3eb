using System.Management.Automation;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Takes a measurement, fresh or stored, as the file that was measured.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MeasuredFileTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => StoredObject.Convert(inputData, Convert);

    private static string? Convert(PSObject stored) =>
        MeasurementTransformationAttribute.IsMeasurement(stored) ? StoredObject.Text(stored, nameof(ResizeMeasurement.Source)) : null;
}
