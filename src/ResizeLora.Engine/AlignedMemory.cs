using System.Runtime.InteropServices;

namespace ResizeLora;

/// <summary>
/// Memory that begins with a line of the cache. A 512-bit load that spans two lines costs as much as two loads, and .NET's
/// arrays begin anywhere.
/// </summary>
/// <typeparam name="T">What the memory holds.</typeparam>
internal sealed unsafe class AlignedMemory<T> : IDisposable
    where T : unmanaged
{
    private const nuint CacheLine = 64;

    private readonly int length;
    private void* start;

    /// <summary>Takes memory; what it holds is undefined, as another owner left it.</summary>
    /// <param name="length">How many numbers it is for.</param>
    public AlignedMemory(int length)
    {
        this.length = length;
        start = NativeMemory.AlignedAlloc((nuint)length * (nuint)sizeof(T), CacheLine);
    }

    /// <summary>The memory.</summary>
    public Span<T> Span => new(start, start is null ? 0 : length);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(start);
        start = null;
    }
}
