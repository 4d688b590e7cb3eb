using ResizeLora.Compute;

namespace ResizeLora.Tests;

/// <summary>The devices that tests run on: the processor always, CUDA where it can be used.</summary>
public static class Devices
{
    private static readonly Lazy<bool> HasCuda = new(static () =>
    {
        try
        {
            return ComputeDevice.Resolve("cuda").IsCuda;
        }
        catch (DeviceException)
        {
            return false;
        }
    });

    /// <summary>Why CUDA is left out; null where it can be used.</summary>
    public static string? CudaSkip =>
        HasCuda.Value ? null : "No CUDA device can be used here: there is none, or libtorch is the processor-only package.";

    /// <summary>Both, by the names that the engine takes.</summary>
    public static IEnumerable<TheoryDataRow<string>> All => [new("cpu"), new("cuda") { Skip = CudaSkip }];
}
