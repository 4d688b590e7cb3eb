using System.Buffers.Binary;
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
        double up = Largest(layer.Up.Type, file.Read(layer.Up));
        double down = Largest(layer.Down.Type, file.Read(layer.Down));
        if (!double.IsFinite(up) || !double.IsFinite(down))
        {
            string factor = double.IsFinite(up) ? "lora_down" : "lora_up";
            return new AdapterException(
                file.Path,
                layer.Name,
                NotFinite,
                $"{factor} holds NaN or infinity: the training has failed there."
            );
        }

        string large =
            up > LargestSquared ? "lora_up holds"
            : down > LargestSquared ? "lora_down holds"
            : "lora_up and lora_down hold";
        return new AdapterException(
            file.Path,
            layer.Name,
            "OutOfRange",
            $"{large} numbers too large to be squared and multiplied in double precision: the training has failed there."
        );
    }

    // The largest |number|, or NaN or infinity.
    private static double Largest(TensorType type, byte[] stored)
    {
        // Math.Max hands NaN on.
        double largest = 0;
        if (type == TensorType.Float64)
        {
            for (int start = 0; start < stored.Length; start += sizeof(double))
            {
                largest = Math.Max(largest, Math.Abs(BinaryPrimitives.ReadDoubleLittleEndian(stored.AsSpan(start))));
            }

            return largest;
        }

        float[] singles = new float[stored.Length / TensorTypes.BytesOf(type)];
        WeightDecoder.ToSingle(type, stored, singles);
        foreach (float single in singles)
        {
            largest = Math.Max(largest, Math.Abs(single));
        }

        return largest;
    }
}
