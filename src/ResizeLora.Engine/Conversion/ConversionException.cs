using ResizeLora.Architectures;

namespace ResizeLora.Conversion;

/// <summary>A LoRA cannot be converted as asked.</summary>
public sealed class ConversionException : ResizeLoraException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="defect">A stable word for the case, the end of the error id.</param>
    /// <param name="detail">What is wrong, to follow the file's name.</param>
    public ConversionException(string path, string defect, string detail)
        : base("Conversion", defect, $"'{path}' {detail}", path) { }

    /// <summary>The layers and tensors that cannot be written as asked, all of them; none where that is not the case.</summary>
    public IReadOnlyList<UnwrittenLayer> Unwritten { get; private init; } = [];

    /// <summary>Whether nothing would be left of the file without them.</summary>
    public bool IsAll { get; private init; }

    /// <summary>Layers cannot be written as asked.</summary>
    /// <param name="path">The LoRA file.</param>
    /// <param name="what">What cannot be done with them, to follow the file's name.</param>
    /// <param name="unwritten">The layers.</param>
    /// <param name="isAll">Whether nothing would be left of the file without them.</param>
    /// <param name="architecture">The architecture of the file.</param>
    internal static ConversionException NotExpressible(
        string path,
        string what,
        IReadOnlyList<UnwrittenLayer> unwritten,
        bool isAll,
        Architecture? architecture
    )
    {
        string count = NameSummary.Count([.. unwritten.Select(static layer => layer.Name)], "layer", architecture);
        string sample = NameSummary.Sample([.. unwritten.Select(static layer => $"{layer.Name} ({layer.Reason})")]);
        return new ConversionException(path, "NotExpressible", $"{what}: {count}: {sample}.") { Unwritten = unwritten, IsAll = isAll };
    }
}
