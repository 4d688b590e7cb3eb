using System.Collections;
using System.Management.Automation;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Binding;

/// <summary>Takes measurements, fresh or stored, as what they ask to be written.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MeasurementTransformationAttribute : ArgumentTransformationAttribute
{
    private static readonly string TypeName = typeof(ResizeMeasurement).FullName!;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => StoredObject.Convert(inputData, Convert);

    private static ResizeRequest? Convert(PSObject stored)
    {
        if (!IsMeasurement(stored))
        {
            return null;
        }

        ResizeRecipe recipe = Parse(StoredObject.Text(stored, nameof(ResizeMeasurement.Recipe))) ?? throw Lost("its recipe");
        LoraLayer[] measured =
        [
            .. Items(stored, nameof(ResizeMeasurement.Layers))
                .Select(static item => LayerTransformationAttribute.Convert(PSObject.AsPSObject(item)))
                .OfType<LoraLayer>(),
        ];
        if (measured.Length == 0)
        {
            throw Lost("its layers");
        }

        IEnumerable<LoraLayer> copied = Items(stored, nameof(ResizeMeasurement.PassedThrough))
            .Select(name => new StoredLayer(
                measured[0].Path,
                name.ToString()!,
                measured[0].CheckpointPath,
                content: null,
                measured[0].Merge
            ));
        return new ResizeRequest(
            [.. measured, .. copied],
            recipe,
            Value(nameof(ResizeMeasurement.DType), OutputType.Float16),
            Value(nameof(ResizeMeasurement.OutputKind), OutputKind.Smallest)
        );

        T Value<T>(string property, T standard)
            where T : struct, Enum => StoredObject.Text(stored, property) is { } text ? Enum.Parse<T>(text) : standard;

        ArgumentTransformationMetadataException Lost(string what) =>
            new($"The measurement has lost {what} when it was stored or projected; measure again, or name the file and the recipe.");
    }

    // JSON keeps the properties of a recipe, and not the text that they come from.
    private static ResizeRecipe? Parse(string? text)
    {
        try
        {
            return text is null ? null : ResizeRecipe.Parse(text);
        }
        catch (RecipeException)
        {
            return null;
        }
    }

    /// <summary>Whether an object is a measurement, fresh or stored.</summary>
    /// <remarks>What Select-Object chose properties of has the type's name with a prefix; CSV and JSON keep the properties only.</remarks>
    /// <param name="stored">The object.</param>
    internal static bool IsMeasurement(PSObject stored) =>
        stored.TypeNames.Any(static name => name.EndsWith(TypeName, StringComparison.Ordinal))
        || (
            stored.BaseObject is PSCustomObject
            && stored.Properties[nameof(ResizeMeasurement.Source)] is not null
            && stored.Properties[nameof(ResizeMeasurement.NewRank)] is not null
            && stored.Properties[nameof(ResizeResult.Path)] is null
        );

    private static IEnumerable<object> Items(PSObject stored, string property) =>
        StoredObject.Value(stored, property) switch
        {
            string => [],
            IEnumerable several => several.Cast<object>(),
            _ => [],
        };
}
