using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ResizeLora.Compute;

namespace ResizeLora.Tests;

internal static class NativeLibrarySetup
{
    // Tests compute with TorchSharp themselves, for comparison, and may do so before the engine has loaded its library.
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "A test assembly is started by a runner, so that nothing else comes first.")]
    internal static void Load() => ComputeDevice.Resolve("cpu");
}
