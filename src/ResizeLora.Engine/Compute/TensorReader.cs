using System.Runtime.InteropServices;
using ResizeLora.Files;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Compute;

/// <summary>Brings tensors of a file into libtorch, and libtorch's into managed arrays.</summary>
internal static class TensorReader
{
    /// <summary>Fills a span with bytes of a file.</summary>
    /// <param name="destination">What to fill.</param>
    internal delegate void BytesReader(Span<byte> destination);

    /// <summary>Reads a factor of a layer as a matrix: the first dimension by all the others.</summary>
    /// <param name="file">The file.</param>
    /// <param name="entry">The tensor.</param>
    /// <param name="type">The element type to compute in.</param>
    /// <param name="device">Where it is wanted.</param>
    public static Tensor ReadMatrix(ITensorFile file, TensorEntry entry, ScalarType type, ComputeDevice device)
    {
        long rows = entry.Shape[0];
        long[] shape = [rows, entry.ElementCount / rows];
        return Upload(shape, entry.Type, destination => file.Read(entry, destination), type, device);
    }

    /// <summary>Brings weights to a device as they are stored, and converts them there.</summary>
    /// <param name="shape">The matrix's shape.</param>
    /// <param name="stored">The stored type.</param>
    /// <param name="read">Fills a span with the stored bytes.</param>
    /// <param name="type">The element type to compute in.</param>
    /// <param name="device">Where they are wanted.</param>
    public static Tensor Upload(long[] shape, TensorType stored, BytesReader read, ScalarType type, ComputeDevice device)
    {
        using DisposeScope scope = NewDisposeScope();
        ScalarType? native = stored switch
        {
            TensorType.Float16 => ScalarType.Float16,
            TensorType.BFloat16 => ScalarType.BFloat16,
            TensorType.Float32 => ScalarType.Float32,
            TensorType.Float64 => ScalarType.Float64,
            _ => null,
        };
        Tensor rows = empty(shape, native ?? ScalarType.Byte);
        read(rows.bytes);

        // In one step with the type, libtorch would convert first, and copy four or eight bytes in place of one or two.
        Tensor there = rows.to(device.Torch);
        Tensor numbers =
            native is not null ? there
            : device.IsCuda ? Decode(there, stored)
            : DecodeHere(there, stored);
        return numbers.to(type).MoveToOuterDisposeScope();
    }

    /// <summary>Brings a row-major array into libtorch.</summary>
    /// <param name="values">rows · columns numbers.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="type">The element type to compute in.</param>
    /// <param name="device">Where it is wanted.</param>
    public static Tensor FromArray(double[] values, int rows, int columns, ScalarType type, ComputeDevice device)
    {
        using Tensor raw = empty([rows, columns], ScalarType.Float64);
        values.CopyTo(MemoryMarshal.Cast<byte, double>(raw.bytes));

        // These are few and in double precision: converted first, they are half as many bytes to copy.
        return raw.to(type, device.Torch);
    }

    /// <summary>Copies a matrix of doubles into a row-major array.</summary>
    public static double[] ToArray(Tensor matrix)
    {
        // Each call into libtorch costs as much as a small layer's arithmetic, so that the needless ones are left out.
        if (matrix.dtype == ScalarType.Float64 && matrix.device_type == DeviceType.CPU && matrix.is_contiguous())
        {
            return MemoryMarshal.Cast<byte, double>(matrix.bytes).ToArray();
        }

        using Tensor local = matrix.to(ScalarType.Float64, CPU).contiguous();
        return MemoryMarshal.Cast<byte, double>(local.bytes).ToArray();
    }

    /// <summary>Takes a part's result back to the processor, where it outlives the part's other tensors.</summary>
    /// <param name="result">The result.</param>
    public static Tensor TakeBack(Tensor result) => result.cpu().MoveToOuterDisposeScope();

    /// <summary>The numbers of 8-bit codes, found where these are: libtorch computes nothing with such types.</summary>
    /// <param name="codes">The codes, as bytes.</param>
    /// <param name="type">Their type.</param>
    /// <returns>The numbers in single precision, in the same shape.</returns>
    internal static Tensor Decode(Tensor codes, TensorType type)
    {
        byte[] allCodes = [.. Enumerable.Range(0, 256).Select(static code => (byte)code)];
        float[] values = new float[allCodes.Length];
        WeightDecoder.ToSingle(type, allCodes, values);
        return tensor(values).to(codes.device).index_select(0, codes.flatten().to(ScalarType.Int32)).reshape(codes.shape);
    }

    // The same on the processor, in a tenth of the time.
    private static Tensor DecodeHere(Tensor codes, TensorType type)
    {
        Tensor numbers = empty(codes.shape, ScalarType.Float32);
        WeightDecoder.ToSingle(type, codes.bytes, MemoryMarshal.Cast<byte, float>(numbers.bytes));
        return numbers;
    }
}
