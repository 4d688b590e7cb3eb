using ResizeLora.Adapters;
using ResizeLora.Bench.Generation;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using static TorchSharp.torch;

namespace ResizeLora.Bench.Workloads;

/// <summary>A layer of the reference program: ΔW = U·diag(S)·Vh, with U and Vh in full.</summary>
internal sealed class ReferenceLayer : IDisposable
{
    private readonly Tensor left;
    private readonly Tensor right;
    private readonly double scale;

    private ReferenceLayer(AdapterLayer layer, BaseWeight? weight, Tensor left, Tensor singularValues, Tensor right)
    {
        Name = layer.Name;
        Weight = weight;
        this.left = left;
        this.right = right;
        scale = layer.Scale;
        SingularValues = singularValues;
    }

    /// <summary>The layer's name.</summary>
    public string Name { get; }

    /// <summary>The base weight under it, where there is one.</summary>
    public BaseWeight? Weight { get; }

    /// <summary>σ of ΔW.</summary>
    public Tensor SingularValues { get; }

    /// <summary>What one dimension takes in a 16-bit file.</summary>
    public long DimensionByteLength => sizeof(ushort) * (left.shape[0] + right.shape[1]);

    /// <summary>Reads and decomposes a layer: QR, QR, SVD, U and V.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="weight">The base weight under it, where one is wanted.</param>
    public static ReferenceLayer Decompose(Adapter adapter, AdapterLayer layer, BaseWeight? weight)
    {
        using var scope = NewDisposeScope();
        Tensor up = TensorReader.ReadMatrix(adapter.File, layer.Up, ScalarType.Float32, ComputeDevice.Processor);
        Tensor down = TensorReader.ReadMatrix(adapter.File, layer.Down, ScalarType.Float32, ComputeDevice.Processor);
        (Tensor upBasis, Tensor upRoot) = linalg.qr(up);
        (Tensor downBasis, Tensor downRoot) = linalg.qr(down.mT);
        (Tensor leftCore, Tensor values, Tensor rightCore) = linalg.svd(upRoot.matmul(downRoot.mT));
        Tensor left = upBasis.matmul(leftCore).MoveToOuterDisposeScope();
        Tensor right = rightCore.matmul(downBasis.mT).MoveToOuterDisposeScope();
        return new ReferenceLayer(layer, weight, left, values.mul(layer.Scale).MoveToOuterDisposeScope(), right);
    }

    /// <summary>uᵢᵀ W vᵢ for every i.</summary>
    /// <param name="weight">W, the base weight.</param>
    public Tensor SubspaceScales(Tensor weight) => linalg.vecdot(right.matmul(weight.mT), left.mT);

    /// <summary>Makes the tensors of a truncation.</summary>
    /// <param name="kept">The kept dimensions.</param>
    /// <param name="tensors">Where they are added under their names.</param>
    public void AddTruncated(int[] kept, Dictionary<string, Tensor> tensors)
    {
        Tensor index = tensor(Array.ConvertAll(kept, static dimension => (long)dimension));
        Tensor roots = SingularValues.index_select(0, index).div(scale).sqrt();
        tensors.Add(Name + LoraNames.Alpha, tensor((float)(scale * kept.Length)).to(ScalarType.Float16));
        tensors.Add(Name + LoraNames.Down, right.index_select(0, index).mul(roots.unsqueeze(1)).to(ScalarType.Float16));
        tensors.Add(Name + LoraNames.Up, left.index_select(1, index).mul(roots).to(ScalarType.Float16));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        left.Dispose();
        right.Dispose();
        SingularValues.Dispose();
    }
}
