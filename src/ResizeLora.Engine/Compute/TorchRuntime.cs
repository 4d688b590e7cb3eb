namespace ResizeLora.Compute;

/// <summary>A libtorch that Install-ResizeLoraRuntime brought.</summary>
public sealed record TorchRuntime
{
    /// <summary>The version of libtorch.</summary>
    public required string Version { get; init; }

    /// <summary>Whether it computes on the processor only, or on NVIDIA's graphics cards too.</summary>
    public required TorchKind Torch { get; init; }

    /// <summary>The platform that it is for, such as <c>linux-x64</c>.</summary>
    public required string Platform { get; init; }

    /// <summary>Its folder.</summary>
    public required string Path { get; init; }

    /// <summary>The bytes that it takes on disk.</summary>
    public required long Length { get; init; }

    /// <summary>The runtime in one line.</summary>
    public override string ToString() => $"libtorch {Version} ({Torch}, {Platform}), {Path}";
}
