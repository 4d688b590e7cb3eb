namespace ResizeLora.Spectra;

/// <summary>What is to be kept of a decomposition: the first dimensions alone take a part of the memory.</summary>
/// <param name="CountOf">How many dimensions, by the singular values of the product; null for all.</param>
/// <param name="Precision">How exact the coefficients are kept.</param>
internal readonly record struct WantedColumns(
    Func<double[], int>? CountOf = null,
    CoefficientPrecision Precision = CoefficientPrecision.AsWritten
)
{
    /// <summary>The first so many dimensions.</summary>
    /// <param name="count">How many; there may be fewer.</param>
    public static WantedColumns First(int count) => new(_ => count);

    /// <summary>How many dimensions are kept.</summary>
    /// <param name="singularValues">Those of the product.</param>
    public int Of(double[] singularValues) =>
        CountOf is null ? singularValues.Length : Math.Clamp(CountOf(singularValues), 0, singularValues.Length);
}

/// <summary>How exact coefficients are kept.</summary>
internal enum CoefficientPrecision
{
    /// <summary>In single precision where that is enough for what is written of them and compared.</summary>
    AsWritten,

    /// <summary>In double precision: they are to be decomposed further.</summary>
    Double,

    /// <summary>In single precision: their columns are nearly orthogonal.</summary>
    Single,
}
