using System.Collections;
using System.Globalization;
using System.Management.Automation;
using ResizeLora.Adapters;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Takes merges that were stored, or came from a job: they are made again from the files and weights that they list.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MergeTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => StoredObject.Convert(inputData, Convert);

    /// <summary>The merge that an object describes, or null where it describes none.</summary>
    /// <param name="stored">An object with the properties Name and Sources.</param>
    internal static MergedLora? Convert(PSObject stored)
    {
        if (stored.BaseObject is MergedLora merge)
        {
            return merge;
        }

        if (
            StoredObject.Text(stored, nameof(MergedLora.Name)) is not { } name
            || StoredObject.Value(stored, nameof(MergedLora.Sources)) is not IEnumerable sources
        )
        {
            return null;
        }

        var files = new List<(string Path, double Weight)>();
        foreach (PSObject source in sources.Cast<object>().Select(PSObject.AsPSObject))
        {
            if (
                StoredObject.Text(source, nameof(MergeSource.Path)) is not { } path
                || StoredObject.Value(source, nameof(MergeSource.Weight)) is not { } weight
            )
            {
                throw new ArgumentTransformationMetadataException(
                    $"The stored merge '{name}' has lost its files and weights; make it again with Merge-Lora."
                );
            }

            files.Add((path, System.Convert.ToDouble(weight, CultureInfo.InvariantCulture)));
        }

        try
        {
            bool includesDifference = StoredObject.Text(stored, nameof(MergedLora.IncludesDifference)) == bool.TrueString;
            return MergedLora.Create(files, name, includeDifference: includesDifference);
        }
        catch (Exception exception) when (exception is ResizeLoraException or IOException or UnauthorizedAccessException)
        {
            throw new ArgumentTransformationMetadataException(
                $"The stored merge '{name}' cannot be made again: {exception.Message}",
                exception
            );
        }
    }
}
