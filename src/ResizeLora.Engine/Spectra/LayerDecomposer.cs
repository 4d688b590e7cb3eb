using System.Buffers;
using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>Turns layers of a LoRA file into spectra.</summary>
internal static class LayerDecomposer
{
    /// <summary>Decomposes one layer; called on any thread.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="layer">One of its layers.</param>
    /// <param name="baseNorms">The norms of the base weight, where known.</param>
    /// <param name="checkpointPath">The checkpoint that they come from.</param>
    /// <param name="device">Where the large products are made.</param>
    /// <param name="cancellationToken">Ends the work between its steps.</param>
    /// <exception cref="AdapterException">The layer holds NaN or infinity, or its singular values could not be found.</exception>
    /// <exception cref="DeviceException">The device's memory does not suffice.</exception>
    public static LayerSpectrum Decompose(
        Adapter adapter,
        AdapterLayer layer,
        BaseNorms? baseNorms,
        string? checkpointPath,
        ComputeDevice device,
        CancellationToken cancellationToken = default
    )
    {
        LayerFactors? factors = LayerThreads.Run(device, () => Decompose(adapter, layer, device, cancellationToken));
        var origin = new LayerOrigin(
            adapter.Path,
            adapter.File.LastWriteTime,
            adapter.Merge,
            adapter.Layers.Count,
            adapter.Verified.Hashes
        );
        LayerSpectrum? spectrum = factors is null ? null : new LayerSpectrum(origin, layer, factors, baseNorms, checkpointPath);
        return spectrum is not null && double.IsFinite(spectrum.FrobeniusNorm) ? spectrum : throw FactorRange.Explain(adapter.File, layer);
    }

    private static LayerFactors? Decompose(Adapter adapter, AdapterLayer layer, ComputeDevice device, CancellationToken cancellationToken)
    {
        int count = Math.Min(layer.Rank, Math.Min(layer.OutFeatures, layer.InFeatures));
        try
        {
            // Above both sides, rank × rank Gram matrices would be larger than the factors, without bound.
            if (count < layer.Rank)
            {
                (Tensor up, Tensor down) = ReadFactors();
                return SmallSpectrum.Decompose(up, down, layer.Rank, count);
            }

            Tensor upGram = Gram(adapter.File, layer.Up, layer.OutFeatures, layer.Rank, transposed: false, device);
            cancellationToken.ThrowIfCancellationRequested();
            Tensor downGram = Gram(adapter.File, layer.Down, layer.InFeatures, layer.Rank, transposed: true, device);
            cancellationToken.ThrowIfCancellationRequested();
            return SmallSpectrum.Decompose(upGram, downGram, layer.Rank, count, ReadFactors);
        }
        catch (ExternalException exception) when (TorchFailure.IsNotConverged(exception))
        {
            throw new AdapterException(
                adapter.Path,
                layer.Name,
                "NotDecomposed",
                "its singular values could not be found, though its numbers are finite: the iteration gave up."
            );
        }

        (Tensor Up, Tensor Down) ReadFactors()
        {
            cancellationToken.ThrowIfCancellationRequested();
            return (
                TensorReader.ReadMatrix(adapter.File, layer.Up, ScalarType.Float64, device),
                TensorReader.ReadMatrix(adapter.File, layer.Down, ScalarType.Float64, device)
            );
        }
    }

    private static Tensor Gram(ITensorFile file, TensorEntry factor, int length, int rank, bool transposed, ComputeDevice device)
    {
        if (device.IsCuda || factor.Type == TensorType.Float64)
        {
            using Tensor matrix = TensorReader.ReadMatrix(file, factor, ScalarType.Float64, device);
            return (transposed ? matrix.matmul(matrix.t()) : matrix.t().matmul(matrix)).cpu();
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)factor.ByteLength);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, (int)factor.ByteLength);
            file.Read(factor, bytes);
            Tensor gram = empty([rank, rank], ScalarType.Float64);
            GramMatrix.Compute(factor.Type, bytes, length, rank, transposed, MemoryMarshal.Cast<byte, double>(gram.bytes));
            return gram;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
