using System.Buffers;
using System.Diagnostics;
using System.IO.Hashing;
using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Bench.Workloads;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Sessions;
using ResizeLora.Spectra;

namespace ResizeLora.Bench.Profiling;

/// <summary>What each piece of W1 takes on one thread, in the order in which the engine takes them.</summary>
/// <param name="Norms">The base weights, largest first.</param>
/// <param name="Spectra">The layers in the order of the file.</param>
/// <param name="Products">The layers that are written, in the order of the file.</param>
/// <param name="Writing">Writing each of them, which one thread does.</param>
internal sealed record ScalingProfile(double[] Norms, double[] Spectra, double[] Products, double[] Writing)
{
    /// <summary>Measures, one piece after another.</summary>
    /// <param name="files">The files.</param>
    /// <param name="outputFolder">Where the output goes meanwhile.</param>
    public static ScalingProfile Measure(BenchFiles files, string outputFolder)
    {
        var engine = new EngineProgram(outputFolder, "cpu");
        var work = new ResizeWork(files.Checkpoint, [files.HighRankLora], [ResizeRecipe.Parse(ResizeRecipe.DefaultText)]);

        // Compiles what is measured next, and leaves the norms.
        engine.ForgetNorms();
        engine.Resize(work);
        using var session = new ResizeSession("cpu", files.Checkpoint, new NormCache(Path.Combine(outputFolder, "norms")));
        using var adapter = Adapter.Open(files.HighRankLora);
        double[] spectra = [.. adapter.Layers.Select(layer => Time(() => Decompose(adapter, layer)))];
        double[] norms = MeasureNorms(session.BaseFor(adapter)!, adapter);
        (double[] products, double[] writing) = MeasureWriting(session, work, Path.Combine(outputFolder, "scaling.bin"));
        return new ScalingProfile(norms, spectra, products, writing);
    }

    private static LayerSpectrum Decompose(Adapter adapter, AdapterLayer layer) =>
        LayerDecomposer.Decompose(adapter, layer, default, LayerDevice.Processor);

    private static double[] MeasureNorms(AdapterBase joined, Adapter adapter) =>
        [
            .. adapter
                .Layers.Select(layer => joined.Find(layer.Name)!)
                .OrderByDescending(static weight => weight.ByteLength)
                .ThenBy(static weight => weight.Tensor, StringComparer.Ordinal)
                .Select(static weight => Time(() => MeasureNorm(weight))),
        ];

    private static double MeasureNorm(BaseWeight weight)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)weight.StoredByteLength);
        Memory<byte> bytes = buffer.AsMemory(0, (int)weight.StoredByteLength);
        weight.ReadStored(bytes.Span);
        XxHash128.Hash(bytes.Span);
        IGramOperator gram = new GramOperatorFactory().Create(weight, bytes);
        using (gram as IDisposable)
        {
            double norm = LanczosNorm.Compute(gram, CancellationToken.None).Norms.Spectral;
            ArrayPool<byte>.Shared.Return(buffer);
            return norm;
        }
    }

    private static (double[] Products, double[] Writing) MeasureWriting(ResizeSession session, ResizeWork work, string path)
    {
        using var job = ResizeJob.Decompose(session, Adapter.Open(work.Loras[0]), progress: null, CancellationToken.None);
        ResizePlan plan = job.Plan(work.Recipes[0], TensorType.Float16, OutputKind.Smallest, progress: null, CancellationToken.None);
        var products = new List<double>();
        var writing = new List<double>();
        using var hash = new AdditionalNetworksHash(plan.Layout.Prefix.Span);
        using (FileStream output = File.Create(path))
        {
            foreach (LayerPlan layer in plan.Layers.Where(static layer => layer.Kept.Length > 0))
            {
                FactorEncoding? factors = null;
                products.Add(
                    Time(() => factors = LayerTruncation.Compute(layer.Spectrum, job.Adapter, layer.Kept, 1, plan.DataType, session.Layers))
                );
                writing.Add(
                    Time(() =>
                    {
                        foreach (byte[] factor in (byte[][])[factors!.Down, factors.Up])
                        {
                            output.Write(factor);
                            hash.Append(factor);
                        }
                    })
                );
            }
        }

        File.Delete(path);
        return ([.. products], [.. writing]);
    }

    private static double Time<T>(Func<T> work) =>
        Time(() =>
        {
            work();
        });

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
