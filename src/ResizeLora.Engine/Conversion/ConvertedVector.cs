using ResizeLora.Files;

namespace ResizeLora.Conversion;

/// <summary>One number for each row of a layer, such as the change of its bias or its magnitudes: taken along with the rows.</summary>
/// <param name="file">The input.</param>
/// <param name="pieces">The input's vectors with their rows, and the factor of each.</param>
/// <param name="rows">The rows of the output; those of no piece are zero.</param>
internal sealed class ConvertedVector(
    ITensorFile file,
    IReadOnlyList<(TensorEntry Vector, IReadOnlyList<RowRun> Runs, double Factor)> pieces,
    int rows
)
{
    /// <summary>The type that is written: that of the pieces, or the widest.</summary>
    public TensorType Type { get; } =
        pieces.Select(static piece => piece.Vector.Type).Distinct().ToArray() is [var only]
        && (TensorTypes.BytesOf(only) > 1 || pieces.All(static piece => piece.Factor == 1))
            ? only
            : TensorType.Float32;

    /// <summary>Writes the vector.</summary>
    /// <param name="sink">Takes the bytes.</param>
    public void Write(TensorPieces.Handler sink) => sink(Bytes());

    private byte[] Bytes()
    {
        if (pieces.All(piece => piece.Factor == 1 && piece.Vector.Type == Type))
        {
            int length = TensorTypes.BytesOf(Type);
            byte[] placed = new byte[checked(rows * length)];
            foreach ((TensorEntry vector, IReadOnlyList<RowRun> runs, _) in pieces)
            {
                byte[] stored = file.Read(vector);
                foreach (RowRun run in runs)
                {
                    stored.AsSpan(run.Source * length, run.Count * length).CopyTo(placed.AsSpan(run.Target * length));
                }
            }

            return placed;
        }

        double[] numbers = new double[rows];
        foreach ((TensorEntry vector, IReadOnlyList<RowRun> runs, double factor) in pieces)
        {
            double[] stored = WeightNumbers.ToDoubles(vector.Type, file.Read(vector));
            foreach (RowRun run in runs)
            {
                for (int row = 0; row < run.Count; row++)
                {
                    numbers[run.Target + row] += stored[run.Source + row] * factor;
                }
            }
        }

        return NumberEncoder.Encode(Type, numbers);
    }
}
