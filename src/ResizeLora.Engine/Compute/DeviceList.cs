using System.Globalization;
using System.Runtime.InteropServices;

namespace ResizeLora.Compute;

/// <summary>The devices that can be named on this machine, found without libtorch.</summary>
public static class DeviceList
{
    [UnmanagedFunctionPointer(CallingConvention.StdCall)]
    private delegate int Initialise(uint flags);

    [UnmanagedFunctionPointer(CallingConvention.StdCall)]
    private delegate int GetDeviceCount(out int count);

    /// <summary><c>auto</c> and <c>cpu</c>, and where the CUDA driver tells of devices <c>cuda</c> and <c>cuda:N</c> for each.</summary>
    public static IReadOnlyList<string> Names()
    {
        int count = CountByDriver();
        return count == 0
            ? ["auto", "cpu"]
            :
            [
                "auto",
                "cpu",
                "cuda",
                .. Enumerable.Range(0, count).Select(static index => string.Create(CultureInfo.InvariantCulture, $"cuda:{index}")),
            ];
    }

    // The driver's library belongs to the driver, not to libtorch; where it is absent no device can be used.
    private static int CountByDriver()
    {
        string library = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        return
            NativeLibrary.TryLoad(library, out nint driver)
            && NativeLibrary.TryGetExport(driver, "cuInit", out nint initialise)
            && NativeLibrary.TryGetExport(driver, "cuDeviceGetCount", out nint getCount)
            && Marshal.GetDelegateForFunctionPointer<Initialise>(initialise)(0) == 0
            && Marshal.GetDelegateForFunctionPointer<GetDeviceCount>(getCount)(out int count) == 0
            ? count
            : 0;
    }
}
