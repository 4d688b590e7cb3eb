using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ResizeLora.Compute;
using TorchSharp;

namespace ResizeLora.KeyLists;

internal static class TorchThreads
{
    // The matrices are small: threads would only wait for one another.
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "A test assembly is started by a runner, so that nothing else comes first.")]
    internal static void Limit()
    {
        ComputeDevice.Resolve("cpu");
        torch.set_num_threads(1);
    }
}
