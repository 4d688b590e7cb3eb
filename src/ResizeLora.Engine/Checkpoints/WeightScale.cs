using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>
/// The scale of a quantised weight: the true weight is the stored one times a number for the whole tensor, for each row, or for each
/// block of rows and columns.
/// </summary>
internal sealed class WeightScale
{
    // DeepSeek's and Qwen's fp8 files; at the edges of a weight the blocks are cut off.
    private const int UsualBlock = 128;

    private static readonly string[] Suffixes = [".scale_weight", ".weight_scale", ".weight_scale_inv"];
    private static readonly string[] InputSuffixes = [".scale_input", ".input_scale"];

    private readonly ITensorFile file;
    private readonly TensorEntry tensor;
    private readonly Lazy<float[]> values;

    private WeightScale(ITensorFile file, TensorEntry tensor)
    {
        this.file = file;
        this.tensor = tensor;
        values = new Lazy<float[]>(ReadValues);
    }

    /// <summary>Whether a tensor is the scale of another, or of its inputs, and no weight.</summary>
    /// <param name="name">The tensor's name.</param>
    public static bool IsScale(string name) =>
        Array.Exists(Suffixes, suffix => name.EndsWith(suffix, StringComparison.Ordinal))
        || Array.Exists(InputSuffixes, suffix => name.EndsWith(suffix, StringComparison.Ordinal));

    /// <summary>Looks for the scale of a weight.</summary>
    /// <param name="file">The file.</param>
    /// <param name="module">The weight's name without <c>.weight</c>.</param>
    /// <returns>The scale, or null where the weight has none.</returns>
    public static WeightScale? Find(ITensorFile file, string module)
    {
        foreach (string suffix in Suffixes)
        {
            if (file.Find(module + suffix) is { ElementCount: > 0 } tensor && IsReadable(tensor.Type))
            {
                return new WeightScale(file, tensor);
            }
        }

        return null;
    }

    /// <summary>The one scale of the whole weight; null where rows or blocks have their own.</summary>
    public float? Whole => tensor.ElementCount == 1 ? values.Value[0] : null;

    /// <summary>Multiplies rows of the weight with their scales.</summary>
    /// <param name="rows">The rows' numbers.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">The rows of the whole tensor.</param>
    /// <param name="columns">The elements of a row.</param>
    public void Apply(Span<float> rows, int firstRow, int rowCount, int columns)
    {
        float[] scales = values.Value;
        int scaleRows = scales.Length == 1 ? 1 : (int)tensor.Shape[0];
        int scaleColumns = scales.Length / scaleRows;
        int blockRows = BlockOf(rowCount, scaleRows);
        int blockColumns = BlockOf(columns, scaleColumns);
        for (int row = 0; row < rows.Length / columns; row++)
        {
            ReadOnlySpan<float> ofRow = scales.AsSpan((firstRow + row) / blockRows * scaleColumns, scaleColumns);
            Span<float> numbers = rows.Slice(row * columns, columns);
            for (int column = 0; column < columns; column += blockColumns)
            {
                float scale = ofRow[column / blockColumns];
                foreach (ref float number in numbers.Slice(column, Math.Min(blockColumns, columns - column)))
                {
                    number *= scale;
                }
            }
        }
    }

    private static bool IsReadable(TensorType type) =>
        (TensorTypes.IsWeight(type) && type != TensorType.Float64) || type is TensorType.Float8E8M0 or TensorType.UInt8;

    private static int BlockOf(int size, int scales)
    {
        if (scales == 1)
        {
            return size;
        }

        return (size + UsualBlock - 1) / UsualBlock == scales ? UsualBlock : (size + scales - 1) / scales;
    }

    private float[] ReadValues()
    {
        byte[] stored = file.Read(tensor);
        float[] scales = new float[tensor.ElementCount];
        if (tensor.Type is TensorType.Float8E8M0 or TensorType.UInt8)
        {
            // MX: the exponent of a power of two.
            const int Bias = 127;
            for (int index = 0; index < scales.Length; index++)
            {
                scales[index] = MathF.ScaleB(1, stored[index] - Bias);
            }
        }
        else
        {
            WeightDecoder.ToSingle(tensor.Type, stored, scales);
        }

        return scales;
    }
}
