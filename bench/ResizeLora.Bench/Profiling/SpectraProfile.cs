using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Compute;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Bench.Profiling;

/// <summary>
/// Where the time of W3 goes: the steps of the engine's fast path (SmallSpectrum.ByCholesky), done again one by one under a
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
        Tensor storedUp = clock.Time("read B and A", () => Read(adapter, layer.Up));
        Tensor storedDown = clock.Time("read B and A", () => Read(adapter, layer.Down));
        Tensor up = clock.Time("convert to float64", () => storedUp.to(ScalarType.Float64));
        Tensor down = clock.Time("convert to float64", () => storedDown.to(ScalarType.Float64));
        Tensor upGram = clock.Time("Gram matrices", () => Gram(up));
        Tensor downGram = clock.Time("Gram matrices", () => Gram(down.t()));
        Tensor lower = clock.Time("Cholesky", () => linalg.cholesky_ex(upGram).L);
        Tensor core = clock.Time("Lᵀ·(A·Aᵀ)·L", () => lower.t().matmul(downGram).matmul(lower));
        (Tensor eigenvalues, Tensor eigenvectors) = clock.Time("eigh", () => linalg.eigh(core));
        Tensor vectors = eigenvectors.flip(1);
        Tensor left = clock.Time("triangular solve", () => linalg.solve_triangular(lower.t(), vectors, upper: true));
        Tensor right = clock.Time("L·P", () => lower.matmul(vectors).div_(eigenvalues.flip(0).sqrt()));
        clock.Time("copy to arrays", () => (TensorReader.ToArray(left), TensorReader.ToArray(right)));
    }

    private static Tensor Read(Adapter adapter, Safetensors.TensorEntry entry) =>
        TensorReader.ReadRows([entry.Shape[0], entry.Shape[1]], entry.Type, destination => adapter.File.Read(entry, destination));

    // As the engine does it: three quarters of the products, since the result is symmetric.
    private static Tensor Gram(Tensor tall)
    {
        const int SmallestHalf = 32;
        long half = tall.shape[1] / 2;
        if (half < SmallestHalf)
        {
            return tall.t().matmul(tall);
        }

        Tensor left = tall.narrow(1, 0, half);
        Tensor right = tall.narrow(1, half, tall.shape[1] - half);
        Tensor corner = left.t().matmul(right);
        return cat([cat([Gram(left), corner], 1), cat([corner.t(), Gram(right)], 1)], 0);
    }
}
