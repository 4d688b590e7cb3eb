using System.Buffers;
using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Bench.Workloads;

/// <summary>
/// What no program can go below: the weights that a workload needs, read once from the page cache and converted to single
/// precision, on every core, in tiles that never leave it.
/// </summary>
internal sealed class FloorProgram
{
    private const int PieceLength = 4 << 20;
    private const int TileLength = 128 << 10;

    private readonly BenchFiles files;

    /// <summary>Prepares.</summary>
    /// <param name="files">The files.</param>
    public FloorProgram(BenchFiles files)
    {
        this.files = files;
    }

    /// <summary>Reads and converts.</summary>
    /// <param name="loras">LoRA files of which all factors are read.</param>
    /// <param name="withBase">Whether every base weight under a layer is read too.</param>
    public void Read(IReadOnlyList<string> loras, bool withBase)
    {
        using var checkpoint = Checkpoint.Open(files.Checkpoint);
        var open = new List<Adapter>();
        try
        {
            var pieces = new List<Piece>();
            foreach (string lora in loras)
            {
                var adapter = Adapter.Open(lora);
                open.Add(adapter);
                pieces.AddRange(
                    adapter.Layers.SelectMany(layer =>
                        Split(adapter.File, layer.Down, 0, layer.Down.ByteLength)
                            .Concat(Split(adapter.File, layer.Up, 0, layer.Up.ByteLength))
                    )
                );
            }

            if (withBase)
            {
                using var layers = Adapter.Open(files.HighRankLora);
                IEnumerable<BaseWeight> weights = layers.Layers.Select(layer => checkpoint.Find(layer.Name)!);
                pieces.AddRange(
                    weights
                        .SelectMany(static weight => weight.Parts.Select(part => (part, weight.RowByteLength)))
                        .SelectMany(static rows =>
                            Split(
                                rows.part.File.Source,
                                rows.part.Tensor,
                                (long)rows.part.FirstRow * rows.RowByteLength,
                                (long)rows.part.Rows * rows.RowByteLength
                            )
                        )
                );
            }

            LayerWorkers.ForEach(pieces, Environment.ProcessorCount, Convert, CancellationToken.None);
        }
        finally
        {
            open.ForEach(static adapter => adapter.Dispose());
        }
    }

    private static IEnumerable<Piece> Split(ITensorFile file, TensorEntry tensor, long start, long length)
    {
        for (long offset = start; offset < start + length; offset += PieceLength)
        {
            yield return new Piece(file, tensor, offset, (int)Math.Min(PieceLength, start + length - offset));
        }
    }

    private static void Convert(Piece piece)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(TileLength);
        float[] converted = ArrayPool<float>.Shared.Rent(TileLength / sizeof(ushort));
        for (int done = 0; done < piece.Length; done += TileLength)
        {
            Span<byte> tile = bytes.AsSpan(0, Math.Min(TileLength, piece.Length - done));
            piece.File.Read(piece.Tensor, tile, piece.Offset + done);
            WeightDecoder.ToSingle(piece.Tensor.Type, tile, converted.AsSpan(0, MemoryMarshal.Cast<byte, ushort>(tile).Length));
        }

        ArrayPool<byte>.Shared.Return(bytes);
        ArrayPool<float>.Shared.Return(converted);
    }

    private sealed record Piece(ITensorFile File, TensorEntry Tensor, long Offset, int Length);
}
