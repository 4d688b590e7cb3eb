using System.Runtime.InteropServices;
using TorchSharp;

namespace ResizeLora.Compute;

/// <summary>How many layers are worked on at a time, and what a thread does before it works on one.</summary>
internal static class LayerThreads
{
    /// <summary>The number of threads; with a graphics device too, since the small matrices are decomposed on the processor.</summary>
    public static int Count => Environment.ProcessorCount;

    /// <summary>Works on one layer with libtorch, on any thread; its tensors are freed at the end.</summary>
    /// <param name="work">The work.</param>
    /// <exception cref="DeviceException">Memory does not suffice, or libtorch failed in another way.</exception>
    public static T Run<T>(Func<T> work)
    {
        Enter();
        try
        {
            using DisposeScope scope = torch.NewDisposeScope();
            return work();
        }
        catch (ExternalException exception)
        {
            throw TorchFailure.Explain(exception, ComputeDevice.Processor);
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
