using System.Buffers;
using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Sessions;

namespace ResizeLora.Bench.Workloads;

/// <summary>
/// What no program can go below: the weights that a workload needs, read once from the page cache and converted to single
/// precision, on every core, in tiles that never leave it.
/// </summary>
internal static class FloorProgram
{
    private const int PieceLength = 4 << 20;
    private const int TileLength = 128 << 10;

    /// <summary>Reads and converts.</summary>
    /// <param name="loras">Files of which all layers are read.</param>
    /// <param name="pair">The base model of which every weight under a layer is read too, or null.</param>
    public static void Read(IReadOnlyList<string> loras, BasePair? pair)
    {
        var open = new Stack<IDisposable>();
        try
        {
            var pieces = new List<Piece>();
            foreach (string lora in loras)
            {
                Adapter adapter = Open(Adapter.Open(lora));
                pieces.AddRange(
                    adapter
                        .Layers.SelectMany(static layer => layer.Tensors)
                        .SelectMany(tensor => Split(adapter.File, tensor, 0, tensor.ByteLength))
                );
            }

            if (pair is not null)
            {
                Adapter layers = Open(Adapter.Open(pair.Lora));
                var joined = new AdapterBase(layers, Open(Checkpoint.Open(pair.Checkpoint)));
                pieces.AddRange(WeightsOf(layers, joined).SelectMany(SplitWeight));
            }

            LayerWorkers.ForEach(pieces, Environment.ProcessorCount, Convert, CancellationToken.None);
        }
        finally
        {
            while (open.TryPop(out IDisposable? file))
            {
                file.Dispose();
            }
        }

        T Open<T>(T file)
            where T : IDisposable
        {
            open.Push(file);
            return file;
        }
    }

    private static IEnumerable<BaseWeight> WeightsOf(Adapter adapter, AdapterBase joined) =>
        adapter.Layers.Select(layer => joined.Find(layer.Name)!);

    private static IEnumerable<Piece> SplitWeight(BaseWeight weight) =>
        weight.Parts.SelectMany(part =>
            Split(part.File.Source, part.Tensor, (long)part.FirstRow * weight.RowByteLength, (long)part.Rows * weight.RowByteLength)
        );

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
