using System.Globalization;

namespace ResizeLora.Runtime;

/// <summary>Lengths as people read them.</summary>
public static class ByteText
{
    private const double MiB = 1 << 20;

    /// <summary>A length in MiB, such as <c>122.3 MiB</c>.</summary>
    /// <param name="length">Bytes.</param>
    public static string Of(long length) => string.Create(CultureInfo.InvariantCulture, $"{length / MiB:0.0} MiB");
}
