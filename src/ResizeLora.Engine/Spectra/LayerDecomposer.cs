using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using TorchSharp;
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
    /// <exception cref="AdapterException">The layer holds NaN or infinity.</exception>
    public static LayerSpectrum Decompose(Adapter adapter, AdapterLayer layer, BaseNorms? baseNorms, string? checkpointPath, ComputeDevice device)
    {
        LayerThreads.Enter();
        using DisposeScope scope = NewDisposeScope();
        Tensor up = TensorReader.ReadMatrix(adapter.File, layer.Up, ScalarType.Float64, device);
        Tensor down = TensorReader.ReadMatrix(adapter.File, layer.Down, ScalarType.Float64, device);
        LayerFactors factors = SmallSpectrum.Decompose(up, down)
            ?? throw new AdapterException(adapter.Path, layer.Name, "NotFinite", $"{(up.isfinite().all().item<bool>() ? "lora_down" : "lora_up")} holds NaN or infinity: the training has failed there.");
        return new LayerSpectrum(adapter.Path, adapter.File.LastWriteTime, layer, factors, baseNorms, checkpointPath);
    }
}
