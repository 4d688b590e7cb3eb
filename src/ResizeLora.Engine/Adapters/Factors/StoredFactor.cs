using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>A factor that lies in a file, whole or as a block of a larger one.</summary>
internal sealed class StoredFactor : IFactor
{
    private readonly ITensorFile file;
    private readonly TensorEntry stored;
    private readonly int firstRow;
    private readonly int firstColumn;
    private readonly int storedColumns;

    /// <summary>A whole tensor: its first dimension by all the others.</summary>
    /// <param name="file">The file.</param>
    /// <param name="stored">The tensor.</param>
    public StoredFactor(ITensorFile file, TensorEntry stored)
        : this(file, stored, 0, (int)stored.Shape[0], 0, (int)(stored.ElementCount / stored.Shape[0])) { }

    /// <summary>Some rows and columns of a tensor.</summary>
    /// <param name="file">The file.</param>
    /// <param name="stored">The tensor.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="firstColumn">The first column.</param>
    /// <param name="columns">How many columns.</param>
    public StoredFactor(ITensorFile file, TensorEntry stored, int firstRow, int rows, int firstColumn, int columns)
    {
        this.file = file;
        this.stored = stored;
        this.firstRow = firstRow;
        this.firstColumn = firstColumn;
        storedColumns = (int)(stored.ElementCount / stored.Shape[0]);
        Rows = rows;
        Columns = columns;
    }

    /// <inheritdoc/>
    public TensorType Type => stored.Type;

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public void ReadRows(int first, int count, Span<byte> destination)
    {
        int elementLength = TensorTypes.BytesOf(Type);
        long start = (long)(firstRow + first) * storedColumns * elementLength;
        if (Columns == storedColumns)
        {
            file.Read(stored, destination, start);
            return;
        }

        byte[] rows = GC.AllocateUninitializedArray<byte>(checked(count * storedColumns * elementLength));
        file.Read(stored, rows, start);
        int width = Columns * elementLength;
        for (int row = 0; row < count; row++)
        {
            rows.AsSpan(((row * storedColumns) + firstColumn) * elementLength, width).CopyTo(destination[(row * width)..]);
        }
    }
}
