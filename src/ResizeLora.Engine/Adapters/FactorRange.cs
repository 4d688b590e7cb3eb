using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Why the products of a layer's factors are not finite numbers.</summary>
internal static class FactorRange
{
    /// <summary>The defect of a layer that holds NaN or infinity.</summary>
    public const string NotFinite = nameof(NotFinite);

    // Sums of squares of larger numbers may leave the range of doubles.
    private const double LargestSquared = 1e150;

    /// <summary>Looks for the cause in the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="layer">A layer whose products are infinite or NaN.</param>
    public static AdapterException Explain(ITensorFile file, AdapterLayer layer)
    {
        (string Part, double Largest)[] parts =
        [
            .. (
                layer.StoredTensors
                ?? [layer.Down, layer.Up, .. layer.Magnitude is { } magnitude ? [magnitude] : Array.Empty<TensorEntry>()]
            )
                .Where(tensor => tensor != layer.AlphaTensor && TensorTypes.IsWeight(tensor.Type))
                .Select(tensor => (PartOf(layer, tensor), Largest(tensor.Type, file.Read(tensor)))),
        ];
        string? broken = parts.FirstOrDefault(static part => !double.IsFinite(part.Largest)).Part;
        if (broken is not null)
        {
            return new AdapterException(
                file.Path,
                layer.Name,
                NotFinite,
                $"{broken} holds NaN or infinity: the training has failed there."
            );
        }

        string[] large = [.. parts.Where(static part => part.Largest > LargestSquared).Select(static part => part.Part)];
        string holders = string.Join(" and ", large.Length > 0 ? large.Take(1) : parts.Select(static part => part.Part));
        return new AdapterException(
            file.Path,
            layer.Name,
            "OutOfRange",
            $"{holders} hold{(large.Length > 0 ? "s" : string.Empty)} numbers too large to be squared and multiplied in double precision: "
                + "the training has failed there."
        );
    }

    // A factor of a fused layer or of a merge is no tensor of the file.
    private static string PartOf(AdapterLayer layer, TensorEntry tensor) =>
        AdapterTensorName.Parse(tensor.Name)?.Suffix ?? (tensor == layer.Down ? "lora_down" : "lora_up");

    // The largest |number|, or NaN or infinity.
    private static double Largest(TensorType type, byte[] stored)
    {
        // Math.Max hands NaN on.
        double largest = 0;
        foreach (double number in WeightNumbers.ToDoubles(type, stored))
        {
            largest = Math.Max(largest, Math.Abs(number));
        }

        return largest;
    }
}
