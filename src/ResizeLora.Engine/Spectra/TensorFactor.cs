using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>A factor that lies in libtorch's memory, in double precision on the processor; for as long as that lives.</summary>
internal sealed class TensorFactor : IDenseFactor
{
    private readonly Tensor matrix;

    /// <summary>Makes a factor of a matrix.</summary>
    /// <param name="matrix">The matrix.</param>
    public TensorFactor(Tensor matrix)
    {
        this.matrix = matrix.to(ScalarType.Float64, CPU).contiguous();

        // Each look at a shape makes an array.
        Rows = (int)matrix.shape[0];
        Columns = (int)matrix.shape[1];
    }

    /// <inheritdoc/>
    public TensorType Type => TensorType.Float64;

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<double> RowsAt(int first, int count) =>
        MemoryMarshal.Cast<byte, double>(matrix.bytes).Slice(first * Columns, count * Columns);

    /// <inheritdoc/>
    public void ReadRows(int first, int count, Span<byte> destination) => MemoryMarshal.AsBytes(RowsAt(first, count)).CopyTo(destination);
}
