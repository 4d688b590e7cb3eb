using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Binding;

/// <summary>
/// Takes layers in every form that they have in a pipeline: spectra, the layers of a result, and what Select-Object, Import-Csv,
/// ConvertFrom-Json, Import-Clixml or a job made of them. Without this they would bind by their property Path, and the whole
/// file be taken instead of the layer.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LayerTransformationAttribute : ArgumentTransformationAttribute
{
    private static readonly string[] LayerTypes = [typeof(LayerSpectrum).FullName!, typeof(LayerResult).FullName!];

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => StoredObject.Convert(inputData, Convert);

    /// <summary>The layer that an object names, or null where it names none.</summary>
    /// <param name="stored">An object with the property Layer.</param>
    internal static LoraLayer? Convert(PSObject stored)
    {
        if (stored.BaseObject is LoraLayer layer)
        {
            return layer;
        }

        if (StoredObject.Text(stored, nameof(LoraLayer.Layer)) is not { } name)
        {
            // Select-Object keeps the type's name with a prefix, so that a layer is known even without its name.
            return stored.TypeNames.Any(static type => LayerTypes.Any(known => type.EndsWith(known, StringComparison.Ordinal)))
                ? new StoredLayer(string.Empty, string.Empty, checkpointPath: null)
                : null;
        }

        MergedLora? merge = StoredObject.Value(stored, nameof(LoraLayer.Merge)) is { } kept
            ? MergeTransformationAttribute.Convert(PSObject.AsPSObject(kept))
            : null;
        string path = StoredObject.Text(stored, nameof(LoraLayer.Path)) ?? string.Empty;
        return new StoredLayer(
            path,
            name,
            StoredObject.Text(stored, nameof(LoraLayer.CheckpointPath)),
            StoredObject.Text(stored, nameof(LoraLayer.Content)),
            merge,
            StoredObject.Text(stored, nameof(LayerSpectrum.AdapterKind)) == nameof(AdapterKind.Full)
        );
    }
}
