using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>Rows of a tensor of a base model that make up a weight, or a part of one.</summary>
/// <param name="File">The file.</param>
/// <param name="Tensor">The tensor, as it is stored.</param>
/// <param name="Module">The module's name in the base model, without prefix.</param>
/// <param name="FirstRow">The first row of the weight, counted as the weight is meant.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="IsTransposed">Whether the tensor is stored [in, out].</param>
/// <param name="Scale">What its values are to be multiplied with, or null.</param>
internal sealed record WeightPart(
    BaseFile File,
    TensorEntry Tensor,
    string Module,
    int FirstRow,
    int Rows,
    bool IsTransposed,
    WeightScale? Scale
)
{
    /// <summary>Whether the stored bytes are the weight's.</summary>
    public bool IsPlain => !IsTransposed && Scale is null;

    /// <summary>Whether the rows are whole blocks of GGUF's Q8_0.</summary>
    public bool IsQ8 =>
        IsPlain && StoredColumns % Q8Blocks.Length == 0 && File.Source is GgufFile gguf && gguf.FormatOf(Tensor).Name == GgufFormat.Q8;

    /// <summary>The stored rows.</summary>
    private int StoredRows => (int)Tensor.Shape[0];

    /// <summary>The elements of a stored row.</summary>
    private int StoredColumns => (int)(Tensor.ElementCount / Tensor.Shape[0]);

    /// <summary>Reads rows as they are stored.</summary>
    /// <param name="firstRow">The first of them, counted within this part.</param>
    /// <param name="destination">As long as the rows wanted.</param>
    public void Read(int firstRow, Span<byte> destination)
    {
        long rowLength = (long)StoredColumns * TensorTypes.BytesOf(Tensor.Type);
        File.Source.Read(Tensor, destination, (FirstRow + firstRow) * rowLength);
    }

    /// <summary>Reads all rows as blocks of Q8_0.</summary>
    /// <param name="destination">As long as their blocks.</param>
    public void ReadQ8(Span<byte> destination) =>
        ((GgufFile)File.Source).ReadStored(Tensor, destination, Q8Blocks.LengthOf(FirstRow, StoredColumns));

    /// <summary>Reads rows as single-precision numbers, scaled and the right way round.</summary>
    /// <param name="firstRow">The first of them, counted within this part.</param>
    /// <param name="destination">As long as the rows wanted.</param>
    public void ReadDecoded(int firstRow, Span<float> destination)
    {
        if (IsTransposed)
        {
            ReadTransposed(FirstRow + firstRow, destination);
            return;
        }

        int columns = StoredColumns;
        byte[] stored = GC.AllocateUninitializedArray<byte>(checked(destination.Length * TensorTypes.BytesOf(Tensor.Type)));
        Read(firstRow, stored);
        Decode(stored, destination);
        Scale?.Apply(destination, FirstRow + firstRow, StoredRows, columns);
    }

    private void ReadTransposed(int firstRow, Span<float> destination)
    {
        int rows = StoredRows;
        int columns = StoredColumns;
        float[] whole = GC.AllocateUninitializedArray<float>(checked(rows * columns));
        Decode(File.Source.Read(Tensor), whole);
        Scale?.Apply(whole, 0, rows, columns);
        for (int row = 0; row < destination.Length / rows; row++)
        {
            for (int column = 0; column < rows; column++)
            {
                destination[(row * rows) + column] = whole[(column * columns) + firstRow + row];
            }
        }
    }

    // Whole numbers are weights only together with a scale.
    private void Decode(ReadOnlySpan<byte> stored, Span<float> destination)
    {
        if (Tensor.Type != TensorType.Int8)
        {
            WeightDecoder.ToSingle(Tensor.Type, stored, destination);
            return;
        }

        for (int index = 0; index < destination.Length; index++)
        {
            destination[index] = (sbyte)stored[index];
        }
    }
}
