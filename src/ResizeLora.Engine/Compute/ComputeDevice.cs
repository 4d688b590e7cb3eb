using System.Globalization;
using TorchSharp;

namespace ResizeLora.Compute;

/// <summary>Where matrices are multiplied: the processor, or one CUDA device.</summary>
public sealed record ComputeDevice
{
    private ComputeDevice(int? cudaIndex)
    {
        CudaIndex = cudaIndex;
    }

    /// <summary>The processor.</summary>
    public static ComputeDevice Processor { get; } = new((int?)null);

    /// <summary>The number of the CUDA device, or null for the processor.</summary>
    public int? CudaIndex { get; }

    /// <summary>Whether this is a CUDA device.</summary>
    public bool IsCuda => CudaIndex is not null;

    /// <summary>A CUDA device, whether it is there or not.</summary>
    /// <param name="index">Its number.</param>
    internal static ComputeDevice Cuda(int index) => new(index);

    /// <summary>The device as TorchSharp knows it.</summary>
    internal torch.Device Torch => CudaIndex is { } index ? torch.device(DeviceType.CUDA, index) : torch.CPU;

    /// <summary>Checks that a text names a device, without loading anything.</summary>
    /// <param name="text"><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; case does not count.</param>
    public static bool IsValidName(string? text) => TryParse(text, out _, out _);

    /// <summary>Chooses a device; loads libtorch.</summary>
    /// <param name="text"><c>auto</c> (the processor), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="DeviceException">The text names no device, or CUDA is asked for and absent.</exception>
    public static ComputeDevice Resolve(string text)
    {
        if (!TryParse(text, out bool automatic, out int? index))
        {
            throw new DeviceException("Unknown", $"There is no device '{text}'; use auto, cpu, cuda or cuda:N.");
        }

        NativeLibraries.EnsureLoaded();
        // No card has been measured yet, so nobody knows what of the work would be faster on one.
        if (automatic)
        {
            return Processor;
        }

        if (index is { } wanted)
        {
            int count = CudaCount();
            if (wanted >= count)
            {
                string found =
                    count == 0
                        ? "no CUDA device can be used (none is there, its driver is missing, or this is the processor-only package of "
                            + "libtorch)"
                        : string.Create(CultureInfo.InvariantCulture, $"the last one is cuda:{count - 1}");
                throw new DeviceException("CudaAbsent", $"The device '{text}' was asked for, but {found}.");
            }
        }

        return index is { } number ? Cuda(number) : Processor;
    }

    /// <summary>The device's name as <see cref="Resolve"/> takes it.</summary>
    public override string ToString() => CudaIndex is { } index ? string.Create(CultureInfo.InvariantCulture, $"cuda:{index}") : "cpu";

    private static int CudaCount()
    {
        try
        {
            if (!torch.cuda.is_available())
            {
                return 0;
            }

            // Single precision means single precision: the tensor cores' shorter mantissa would show in every result.
            torch.backends.cuda.matmul.allow_tf32 = false;
            return torch.cuda.device_count();
        }
        catch (Exception exception) when (exception is NotSupportedException or DllNotFoundException or TypeInitializationException)
        {
            // The processor-only package has no CUDA libraries to initialise, and says so in this way.
            return 0;
        }
    }

    private static bool TryParse(string? text, out bool automatic, out int? index)
    {
        string name = (text ?? string.Empty).Trim().ToLowerInvariant();
        automatic = name == "auto";
        index = name == "cuda" ? 0 : null;
        if (
            name.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        )
        {
            index = number;
        }

        return automatic || name == "cpu" || index is not null;
    }
}
