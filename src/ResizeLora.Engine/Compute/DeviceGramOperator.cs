using System.Runtime.InteropServices;
using ResizeLora.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Compute;

/// <summary>WᵀW on a graphics device: one copy of the weight there in single precision, and only vectors going to and fro.</summary>
internal sealed class DeviceGramOperator : IGramOperator, IDisposable
{
    private readonly Tensor weight;
    private readonly Device device;

    /// <summary>Uploads a weight.</summary>
    /// <param name="source">Its type and shape.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="device">The device.</param>
    public DeviceGramOperator(BaseWeight source, ReadOnlyMemory<byte> bytes, ComputeDevice device)
    {
        this.device = device.Torch;
        using Tensor rows = TensorReader.ReadRows([source.Rows, source.Columns], source.Tensor.Type, destination => bytes.Span.CopyTo(destination));
        using Tensor uploaded = rows.to(this.device);
        weight = uploaded.to(ScalarType.Float32);
        Size = source.Columns;
        using Tensor squares = weight.to(ScalarType.Float64).square().sum();
        SquaredFrobeniusNorm = squares.cpu().item<double>();
    }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public double SquaredFrobeniusNorm { get; }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<float> vector, Span<float> product)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor local = empty([Size], ScalarType.Float32);
        vector.CopyTo(MemoryMarshal.Cast<byte, float>(local.bytes));
        Tensor applied = weight.t().matmul(weight.matmul(local.to(device))).cpu();
        MemoryMarshal.Cast<byte, float>(applied.bytes).CopyTo(product);
    }

    /// <inheritdoc/>
    public void Dispose() => weight.Dispose();
}
