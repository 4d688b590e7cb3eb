using ResizeLora.Compute;

namespace ResizeLora.Tests.Compute;

/// <summary>Names of devices, and what is said of those that are not there.</summary>
public sealed class ComputeDeviceTests
{
    [Theory]
    [InlineData("auto", true)]
    [InlineData("cpu", true)]
    [InlineData("cuda", true)]
    [InlineData("cuda:0", true)]
    [InlineData("CUDA:12", true)]
    [InlineData(" Cpu ", true)]
    [InlineData("cuda:", false)]
    [InlineData("cuda:-1", false)]
    [InlineData("cuda:one", false)]
    [InlineData("cuda:99999999999", false)]
    [InlineData("gpu", false)]
    [InlineData("cpu:0", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_device_is_auto_cpu_cuda_or_a_numbered_cuda(string? name, bool valid) =>
        Assert.Equal(valid, ComputeDevice.IsValidName(name));

    [Fact]
    public void The_native_library_loads_and_the_processor_is_always_there()
    {
        Assert.Same(ComputeDevice.Processor, ComputeDevice.Resolve("cpu"));
        Assert.Equal("cpu", ComputeDevice.Processor.ToString());
        Assert.False(ComputeDevice.Processor.IsCuda);
    }

    [Fact]
    public void Auto_is_always_a_device_that_is_there()
    {
        var device = ComputeDevice.Resolve("AUTO");
        Assert.Equal(device, ComputeDevice.Resolve(device.ToString()));
    }

    [Fact]
    public void A_device_that_is_not_there_is_an_error_that_names_it()
    {
        DeviceException exception = Assert.Throws<DeviceException>(() => ComputeDevice.Resolve("cuda:99"));
        Assert.Equal("DeviceCudaAbsent", exception.ErrorId);
        Assert.Contains("'cuda:99'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_no_device_is_an_error_that_lists_the_devices()
    {
        DeviceException exception = Assert.Throws<DeviceException>(() => ComputeDevice.Resolve("tpu"));
        Assert.Equal("DeviceUnknown", exception.ErrorId);
        Assert.Contains("auto, cpu, cuda or cuda:N", exception.Message, StringComparison.Ordinal);
    }
}
