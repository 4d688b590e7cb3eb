using System.Collections;
using System.Management.Automation;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Binding;

/// <summary>
/// Takes spectra that were stored or came from another process (Import-Clixml, Receive-Job, Invoke-Command) as what is left of
/// them: the name of a layer and its file. Without this they would bind by their property Path, and the whole file be resized.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LayerTransformationAttribute : ArgumentTransformationAttribute
{
    private const string DeserializedName = "Deserialized.ResizeLora.Spectra.LayerSpectrum";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (inputData is PSObject single && single.TypeNames.Contains(DeserializedName))
        {
            return Recall(single);
        }

        return (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is IList several
            ? several.Cast<object?>().Select(item => item is PSObject one && one.TypeNames.Contains(DeserializedName) ? Recall(one) : item).ToArray()
            : inputData;
    }

    private static StoredLayer Recall(PSObject layer)
    {
        string? Text(string property) => layer.Properties[property]?.Value as string;
        return Text(nameof(LoraLayer.Path)) is { } path && Text(nameof(LoraLayer.Layer)) is { } name
            ? new StoredLayer(path, name, Text(nameof(LoraLayer.CheckpointPath)))
            : throw new ArgumentTransformationMetadataException("The stored layer has lost its Path or its name; get it again with Get-LoraSpectrum.");
    }
}
