using System.Runtime.InteropServices;
using ResizeLora.Files;

namespace ResizeLora.Bench.Generation;

/// <summary>Writes a file of 16-bit tensors as their sources make them, a few megabytes at a time.</summary>
internal static class SyntheticFile
{
    private const long PieceLength = 4 << 20;

    /// <summary>Writes the file, unless it is there in its right size.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shapes">Name and shape of each tensor.</param>
    /// <param name="metadata">The metadata.</param>
    /// <param name="sourceOf">Gives the source of a tensor; it is asked when the tensor's turn comes.</param>
    /// <returns>Whether it was written.</returns>
    public static bool Write(
        string path,
        IEnumerable<(string Name, long[] Shape)> shapes,
        IReadOnlyDictionary<string, string> metadata,
        Func<TensorEntry, ITensorSource> sourceOf
    )
    {
        var layout = SafetensorsLayout.Create(
            shapes.Select(static tensor => (tensor.Name, TensorType.Float16, (IReadOnlyList<long>)tensor.Shape)),
            metadata
        );
        if (File.Exists(path) && new FileInfo(path).Length == layout.FileLength)
        {
            return false;
        }

        using SafetensorsWriter writer = SafetensorsWriter.Create(path, layout);
        foreach (
            byte[] bytes in LayerWorkers.InOrder(
                Split(layout.Tensors, sourceOf),
                Environment.ProcessorCount,
                static piece => piece.Make(),
                CancellationToken.None
            )
        )
        {
            writer.Write(bytes);
        }

        writer.Commit(metadata, overwrite: true);
        return true;
    }

    private static IEnumerable<Piece> Split(IEnumerable<TensorEntry> tensors, Func<TensorEntry, ITensorSource> sourceOf)
    {
        foreach (TensorEntry tensor in tensors)
        {
            int rows = tensor.Shape.Count < 2 ? 1 : (int)tensor.Shape[0];
            int columns = (int)(tensor.ElementCount / rows);
            int rowsAtOnce = (int)Math.Max(1, PieceLength / (columns * sizeof(ushort)));
            var source = new Lazy<ITensorSource>(() => sourceOf(tensor));
            for (int row = 0; row < rows; row += rowsAtOnce)
            {
                yield return new Piece(source, row, Math.Min(rowsAtOnce, rows - row), columns);
            }
        }
    }

    private sealed record Piece(Lazy<ITensorSource> Source, int FirstRow, int Rows, int Columns)
    {
        public byte[] Make()
        {
            float[] row = new float[Columns];
            byte[] bytes = GC.AllocateUninitializedArray<byte>(Rows * Columns * sizeof(ushort));
            Span<Half> halves = MemoryMarshal.Cast<byte, Half>(bytes.AsSpan());
            for (int index = 0; index < Rows; index++)
            {
                Source.Value.FillRow(FirstRow + index, row);
                Span<Half> destination = halves.Slice(index * Columns, Columns);
                for (int column = 0; column < row.Length; column++)
                {
                    destination[column] = (Half)row[column];
                }
            }

            return bytes;
        }
    }
}
