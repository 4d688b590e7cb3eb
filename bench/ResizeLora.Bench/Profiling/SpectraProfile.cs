using System.Buffers;
using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Bench.Profiling;

/// <summary>
/// Where the time of W3 goes: the steps of LayerDecomposer and of SmallSpectrum's usual way, done again one by one under a
/// clock.
/// </summary>
internal static class SpectraProfile
{
    /// <summary>Runs and prints.</summary>
    /// <param name="files">The files.</param>
    public static void Print(BenchFiles files)
    {
        NativeLibraries.EnsureLoaded();
        using var adapter = Adapter.Open(files.HighRankLora);
        var clock = new StepClock();
        LayerWorkers.ForEach(adapter.Layers, Environment.ProcessorCount, layer => Decompose(adapter, layer, clock), CancellationToken.None);
        clock.Print($"Spectra, {adapter.Layers.Count} layers of rank {files.HighRank}");
    }

    private static void Decompose(Adapter adapter, AdapterLayer layer, StepClock clock)
    {
        LayerThreads.Enter();
        using DisposeScope scope = NewDisposeScope();
        Tensor upGram = Gram(adapter, layer.Up, layer.OutFeatures, layer.Rank, transposed: false, clock);
        Tensor downGram = Gram(adapter, layer.Down, layer.InFeatures, layer.Rank, transposed: true, clock);
        Tensor lower = clock.Time("Cholesky", () => linalg.cholesky_ex(upGram).L);
        Tensor core = clock.Time("Lᵀ·(A·Aᵀ)·L", () => lower.t().matmul(downGram).matmul(lower));
        (Tensor eigenvalues, Tensor eigenvectors) = clock.Time("eigh", () => linalg.eigh(core));
        Tensor vectors = clock.Time("reverse the vectors", () => eigenvectors.flip(1).contiguous());
        Tensor left = clock.Time("triangular solve", () => linalg.solve_triangular(lower.t(), vectors, upper: true));
        Tensor right = clock.Time("L·P·Λ^(−1/2)", () => lower.matmul(vectors).div_(eigenvalues.flip(0).sqrt()));
        clock.Time("copy to arrays", () => (TensorReader.ToArray(left), TensorReader.ToArray(right)));
        clock.Time(
            "(all after the Gram matrices, by the engine)",
            () => SmallSpectrum.Decompose(upGram, downGram, layer.Rank, layer.Rank, ReadFactors)
        );

        (Tensor Up, Tensor Down) ReadFactors()
        {
            clock.Add("(layers that take the slow way)", TimeSpan.Zero);
            return (
                TensorReader.ReadMatrix(adapter.File, layer.Up, ScalarType.Float64, ComputeDevice.Processor),
                TensorReader.ReadMatrix(adapter.File, layer.Down, ScalarType.Float64, ComputeDevice.Processor)
            );
        }
    }

    private static Tensor Gram(Adapter adapter, TensorEntry factor, int length, int rank, bool transposed, StepClock clock)
    {
        int byteLength = (int)factor.ByteLength;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(byteLength);
        clock.Time("read B and A", () => Read(adapter, factor, buffer));
        Tensor gram = clock.Time(
            transposed ? "A·Aᵀ" : "BᵀB",
            () => Compute(factor.Type, buffer.AsSpan(0, byteLength), length, rank, transposed)
        );
        ArrayPool<byte>.Shared.Return(buffer);
        return gram;
    }

    private static int Read(Adapter adapter, TensorEntry factor, byte[] buffer)
    {
        adapter.File.Read(factor, buffer.AsSpan(0, (int)factor.ByteLength));
        return buffer.Length;
    }

    private static Tensor Compute(TensorType type, ReadOnlySpan<byte> bytes, int length, int rank, bool transposed)
    {
        Tensor gram = empty([rank, rank], ScalarType.Float64);
        GramMatrix.Compute(type, bytes, length, rank, transposed, MemoryMarshal.Cast<byte, double>(gram.bytes));
        return gram;
    }
}
