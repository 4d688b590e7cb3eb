using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Bench.Workloads;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Bench.Measuring;

/// <summary>Compares both sides with torch.linalg.svdvals of ΔW and of W themselves, formed in double precision.</summary>
internal static class AccuracyCheck
{
    private const int SampleSize = 16;
    private const double SmallestShare = 1e-4;

    /// <summary>Compares.</summary>
    /// <param name="files">The files.</param>
    public static Accuracy Measure(BenchFiles files)
    {
        NativeLibraries.EnsureLoaded();
        using var adapter = Adapter.Open(files.HighRankLora);
        using var checkpoint = Checkpoint.Open(files.Checkpoint);
        AdapterLayer[] sample = Enumerable
            .Range(0, SampleSize)
            .Select(index => adapter.Layers[((2 * index) + 1) * adapter.Layers.Count / (2 * SampleSize)])
            .ToArray();
        var result = new Accuracy(sample.Length, 0, 0, 0, 0);
        foreach (AdapterLayer layer in sample)
        {
            using DisposeScope scope = NewDisposeScope();
            double[] engine = LayerDecomposer.Decompose(adapter, layer, default, LayerDevice.Processor).SingularValues;
            BaseWeight weight = checkpoint.Find(layer.Name)!;
            byte[] bytes = new byte[weight.ByteLength];
            weight.Read(bytes);
            double engineBase = EngineNorm(weight);

            set_num_threads(Environment.ProcessorCount);
            using var reference = ReferenceLayer.Decompose(adapter, layer, weight);
            double referenceBase = ReferenceProgram.SpectralNorm(layer.Name, weight, []);
            double[] exact = TensorReader.ToArray(linalg.svdvals(Product(adapter, layer)));
            double exactBase = TensorReader.ToArray(linalg.svdvals(Matrix(weight, bytes)))[0];
            result = new Accuracy(
                sample.Length,
                Math.Max(result.EngineSigma, WorstError(engine, exact)),
                Math.Max(result.ReferenceSigma, WorstError(TensorReader.ToArray(reference.SingularValues), exact)),
                Math.Max(result.EngineBase, Math.Abs((engineBase / exactBase) - 1)),
                Math.Max(result.ReferenceBase, Math.Abs((referenceBase / exactBase) - 1))
            );
        }

        return result;
    }

    private static double EngineNorm(BaseWeight weight)
    {
        byte[] bytes = new byte[weight.StoredByteLength];
        weight.ReadStored(bytes);
        IGramOperator gram = new GramOperatorFactory().Create(weight, bytes);
        using (gram as IDisposable)
        {
            return LanczosNorm.Compute(gram, CancellationToken.None).Norms.Spectral;
        }
    }

    private static Tensor Product(Adapter adapter, AdapterLayer layer)
    {
        Tensor up = TensorReader.ReadMatrix(adapter.File, layer.Up, ScalarType.Float64, ComputeDevice.Processor);
        Tensor down = TensorReader.ReadMatrix(adapter.File, layer.Down, ScalarType.Float64, ComputeDevice.Processor);
        return up.matmul(down).mul(layer.Scale);
    }

    private static Tensor Matrix(BaseWeight weight, byte[] bytes)
    {
        long[] shape = [weight.Rows, weight.Columns];
        return TensorReader.Upload(shape, weight.Type, bytes.CopyTo, ScalarType.Float64, ComputeDevice.Processor);
    }

    private static double WorstError(double[] values, double[] exact) =>
        values
            .Zip(exact)
            .Where(pair => pair.Second >= SmallestShare * exact[0])
            .Max(static pair => Math.Abs((pair.First / pair.Second) - 1));
}
