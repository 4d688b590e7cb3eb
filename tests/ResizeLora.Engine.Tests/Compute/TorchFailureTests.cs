using System.Runtime.InteropServices;
using ResizeLora.Compute;
using TorchSharp;

namespace ResizeLora.Tests.Compute;

/// <summary>What libtorch throws is told as what it is: too little memory, an iteration that gave up, or something else.</summary>
public sealed class TorchFailureTests
{
    private const string GpuText = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.79 GiB.";

    [Theory]
    [InlineData(GpuText)]
    [InlineData("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call")]
    [InlineData("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")]
    [InlineData("cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling `cusolverDnCreate(handle)`")]
    public void Too_little_memory_of_a_graphics_device_has_a_case_of_its_own(string text)
    {
        DeviceException failure = TorchFailure.Explain(Thrown(text + "\nException raised from malloc at ..."), "cuda:0", isCuda: true);
        Assert.Equal("DeviceCudaMemory", failure.ErrorId);
        Assert.Contains("'cuda:0'", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("raised from", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[enforce fail at alloc_cpu.cpp:114] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")]
    [InlineData("[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.")]
    public void Too_little_main_memory_is_another_case(string text)
    {
        DeviceException failure = TorchFailure.Explain(Thrown(text), "cpu", isCuda: false);
        Assert.Equal("DeviceMemory", failure.ErrorId);
    }

    [Fact]
    public void Any_other_failure_keeps_its_text()
    {
        DeviceException failure = TorchFailure.Explain(Thrown("CUDA error: device-side assert triggered\nmore"), "cuda:1", isCuda: true);
        Assert.Equal("DeviceFailed", failure.ErrorId);
        Assert.Contains("'cuda:1': CUDA error: device-side assert triggered", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_an_iteration_that_gave_up_counts_as_one()
    {
        const string GaveUp = "linalg.svd: The algorithm failed to converge because the input matrix is ill-conditioned.";
        Assert.True(TorchFailure.IsNotConverged(Thrown(GaveUp)));
        Assert.False(TorchFailure.IsNotConverged(Thrown(GpuText)));
    }

    [Fact]
    public void Work_on_a_layer_fails_with_the_device_that_it_was_done_on()
    {
        DeviceException failure = Assert.Throws<DeviceException>(() =>
            LayerThreads.Run<int>(ComputeDevice.Processor, static () => throw Thrown(GpuText))
        );
        Assert.Equal("DeviceMemory", failure.ErrorId);
        Assert.IsType<ExternalException>(failure.InnerException);
        Assert.Equal(3, LayerThreads.Run(ComputeDevice.Processor, static () => 3));
    }

    [Fact]
    public void What_libtorch_itself_refuses_is_such_an_exception()
    {
        // More than any machine has.
        DeviceException failure = Assert.Throws<DeviceException>(() =>
            LayerThreads.Run(ComputeDevice.Processor, static () => torch.empty(1L << 46, torch.ScalarType.Float64).numel())
        );
        Assert.Equal("DeviceMemory", failure.ErrorId);
    }

    // As TorchSharp makes it.
#pragma warning disable CA2201 // The type is the one that libtorch's failures have.
    private static ExternalException Thrown(string text) => new(text);
#pragma warning restore CA2201
}
