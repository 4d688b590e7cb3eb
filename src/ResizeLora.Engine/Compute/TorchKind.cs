namespace ResizeLora.Compute;

/// <summary>The builds of libtorch that there are.</summary>
public enum TorchKind
{
    /// <summary>Computes on the processor.</summary>
    Cpu,

    /// <summary>Computes on NVIDIA's graphics cards too.</summary>
    Cuda,
}
