using System.Runtime.InteropServices;
using TorchSharp;

namespace ResizeLora.Compute;

/// <summary>
/// Where the large products of layers are made. A graphics device takes a few of them at a time, whatever the number of threads, and the
/// processor takes those that it has too little memory for.
/// </summary>
internal class LayerDevice
{
    // One is copied while another is multiplied; more would only take memory.
    private const int MostAtATime = 2;

    private readonly object gate = new();
    private int places = MostAtATime;
    private volatile bool lackedMemory;
    private int warned;

    /// <summary>Works on a device.</summary>
    /// <param name="device">The device.</param>
    public LayerDevice(ComputeDevice device)
    {
        Device = device;
    }

    /// <summary>The processor alone.</summary>
    public static LayerDevice Processor { get; } = new(ComputeDevice.Processor);

    /// <summary>The device that was asked for.</summary>
    public ComputeDevice Device { get; }

    /// <summary>Does a part of a layer's work: brings matrices to the device, multiplies them, and takes the result back.</summary>
    /// <param name="part">
    /// The part, on the device that it is given. It may be done twice, and its tensors are freed at its end but for those that
    /// <see cref="TensorReader.TakeBack"/> gave.
    /// </param>
    /// <exception cref="DeviceException">The device failed, and not for want of memory.</exception>
    public T Compute<T>(Func<ComputeDevice, T> part)
    {
        if (Device.IsCuda)
        {
            try
            {
                return ComputeOnCard(part);
            }
            catch (ExternalException exception) when (TorchFailure.IsOutOfCardMemory(exception))
            {
                lackedMemory = true;
            }
            catch (ExternalException exception)
            {
                throw TorchFailure.Explain(exception, Device);
            }
        }

        return Do(part, ComputeDevice.Processor);
    }

    /// <summary>Warns, once, when the device had too little memory for a layer.</summary>
    /// <param name="progress">Who is told; where nobody is, the next one will be.</param>
    public void WarnOfMemory(IProgress<EngineEvent>? progress)
    {
        if (progress is not null && lackedMemory && Interlocked.Exchange(ref warned, 1) == 0)
        {
            string text = $"The device '{Device}' has too little free memory for some layers; they are computed on the processor.";
            progress.Report(new EngineNote(EngineNoteLevel.Warning, text));
        }
    }

    /// <summary>Does a part on the graphics device, when there is a place.</summary>
    /// <param name="part">The part.</param>
    protected virtual T ComputeOnCard<T>(Func<ComputeDevice, T> part)
    {
        lock (gate)
        {
            while (places == 0)
            {
                Monitor.Wait(gate);
            }

            places--;
        }

        try
        {
            return Do(part, Device);
        }
        finally
        {
            lock (gate)
            {
                places++;
                Monitor.Pulse(gate);
            }
        }
    }

    private static T Do<T>(Func<ComputeDevice, T> part, ComputeDevice device)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return part(device);
    }
}
