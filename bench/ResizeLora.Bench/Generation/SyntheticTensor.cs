namespace ResizeLora.Bench.Generation;

/// <summary>A tensor of a synthetic file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Format">How it is stored.</param>
/// <param name="Source">Gives its content; asked when the tensor's turn comes.</param>
internal sealed record SyntheticTensor(string Name, long[] Shape, RowFormat Format, Func<ITensorSource> Source)
{
    private const long PieceLength = 4 << 20;

    private int Rows => Shape.Length < 2 ? 1 : (int)Shape[0];

    private int Columns => (int)(Shape.Aggregate(1L, static (product, side) => product * side) / Rows);

    /// <summary>The size in bytes.</summary>
    public long ByteLength => (long)Rows * Format.ByteLength(Columns);

    /// <summary>The content, a few megabytes at a time, made on all cores.</summary>
    /// <param name="tensors">The tensors in the order in which they are stored.</param>
    /// <returns>The tensors' bytes, one after another.</returns>
    public static IEnumerable<(SyntheticTensor Tensor, byte[] Bytes)> Make(IEnumerable<SyntheticTensor> tensors) =>
        LayerWorkers.InOrder(
            tensors.SelectMany(static tensor => tensor.Split()),
            Environment.ProcessorCount,
            static piece => (piece.Tensor, piece.Make()),
            CancellationToken.None
        );

    private IEnumerable<Piece> Split()
    {
        int rowsAtOnce = (int)Math.Max(1, PieceLength / (Columns * sizeof(ushort)));
        var source = new Lazy<ITensorSource>(Source);
        for (int row = 0; row < Rows; row += rowsAtOnce)
        {
            yield return new Piece(this, source, row, Math.Min(rowsAtOnce, Rows - row));
        }
    }

    private sealed record Piece(SyntheticTensor Tensor, Lazy<ITensorSource> Source, int FirstRow, int Rows)
    {
        public byte[] Make()
        {
            float[] row = new float[Tensor.Columns];
            int rowLength = Tensor.Format.ByteLength(row.Length);
            byte[] bytes = GC.AllocateUninitializedArray<byte>(Rows * rowLength);
            for (int index = 0; index < Rows; index++)
            {
                Source.Value.FillRow(FirstRow + index, row);
                Tensor.Format.Encode(row, bytes.AsSpan(index * rowLength, rowLength));
            }

            return bytes;
        }
    }
}
