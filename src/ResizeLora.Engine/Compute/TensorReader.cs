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
        using Tensor raw = ReadRows(shape, entry.Type, destination => file.Read(entry, destination));
        return raw.to(type, device.Torch);
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

    /// <summary>
    /// Reads weights in the type that they are stored in; 8-bit ones, which libtorch computes nothing with, in single precision.
    /// </summary>
    /// <param name="shape">The matrix's shape.</param>
    /// <param name="type">The stored type.</param>
    /// <param name="read">Fills a span with the stored bytes.</param>
    public static Tensor ReadRows(long[] shape, TensorType type, BytesReader read)
    {
        ScalarType? native = type switch
        {
            TensorType.Float16 => ScalarType.Float16,
            TensorType.BFloat16 => ScalarType.BFloat16,
            TensorType.Float32 => ScalarType.Float32,
            TensorType.Float64 => ScalarType.Float64,
            _ => null,
        };
        Tensor rows = empty(shape, native ?? ScalarType.Float32);
        if (native is not null)
        {
            read(rows.bytes);
            return rows;
        }

        byte[] stored = new byte[rows.NumberOfElements * TensorTypes.BytesOf(type)];
        read(stored);
        WeightDecoder.ToSingle(type, stored, MemoryMarshal.Cast<byte, float>(rows.bytes));
        return rows;
    }
}
