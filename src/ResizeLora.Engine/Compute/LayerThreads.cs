using System.Runtime.InteropServices;
using TorchSharp;

namespace ResizeLora.Compute;

/// <summary>How many layers are worked on at a time, and what a thread does before it works on one.</summary>
internal static class LayerThreads
{
    // A graphics device works on one layer at a time anyway; the second thread reads the next one meanwhile.
    private const int WithCuda = 2;

    /// <summary>The number of threads for a device.</summary>
    public static int CountFor(ComputeDevice device) => device.IsCuda ? WithCuda : Environment.ProcessorCount;

    /// <summary>Works on one layer with libtorch, on any thread; its tensors are freed at the end.</summary>
    /// <param name="device">Where it is worked on.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="DeviceException">The device's memory does not suffice, or libtorch failed in another way.</exception>
    public static T Run<T>(ComputeDevice device, Func<T> work)
    {
        Enter();
        try
        {
            using DisposeScope scope = torch.NewDisposeScope();
            return work();
        }
        catch (ExternalException exception)
        {
            throw TorchFailure.Explain(exception, device.ToString(), device.IsCuda);
        }
    }

    /// <summary>
    /// Keeps libtorch from starting threads of its own below this one: layers are parallel already, and one thread a layer gives the same
    /// bits everywhere.
    /// </summary>
    public static void Enter()
    {
        NativeLibraries.EnsureLoaded();
        torch.set_num_threads(1);
    }
}
