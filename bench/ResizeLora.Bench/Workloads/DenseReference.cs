using ResizeLora.Adapters;
using ResizeLora.Compute;
using static TorchSharp.torch;

namespace ResizeLora.Bench.Workloads;

/// <summary>
/// The algorithm of kohya-ss/sd-scripts' resize_lora.py, commit 063ef10: ΔW is formed in single precision, decomposed whole, and cut where
/// the kept share of ‖ΔW‖F is reached (sv_fro).
/// </summary>
internal static class DenseReference
{
    private const double KeptShare = 0.9;

    /// <summary>Resizes one layer as the script does, which asks for U and V in full.</summary>
    /// <param name="adapter">The file.</param>
    /// <param name="layer">The layer.</param>
    public static void DecomposeAsKohya(Adapter adapter, AdapterLayer layer) => Decompose(adapter, layer, fullMatrices: true);

    /// <summary>The same with no more of U and V than ΔW needs, as the largest convolutions would not fit otherwise.</summary>
    /// <param name="adapter">The file.</param>
    /// <param name="layer">The layer.</param>
    public static void Decompose(Adapter adapter, AdapterLayer layer) => Decompose(adapter, layer, fullMatrices: false);

    private static void Decompose(Adapter adapter, AdapterLayer layer, bool fullMatrices)
    {
        Tensor up = TensorReader.ReadMatrix(adapter.File, layer.Up, ScalarType.Float32, ComputeDevice.Processor);
        Tensor down = TensorReader.ReadMatrix(adapter.File, layer.Down, ScalarType.Float32, ComputeDevice.Processor);
        (Tensor left, Tensor values, Tensor right) = linalg.svd(up.matmul(down), fullMatrices);
        Tensor shares = values.pow(2).cumsum(0).div(values.pow(2).sum());
        int rank = 1 + (int)shares.lt(KeptShare * KeptShare).sum().item<long>();
        rank = Math.Min(rank, (int)values.shape[0]);
        left.narrow(1, 0, rank).mul(values.narrow(0, 0, rank)).to(ScalarType.Float16);
        right.narrow(0, 0, rank).to(ScalarType.Float16);
    }
}
