namespace ResizeLora.Files;

/// <summary>
/// The element types of the safetensors format, in the order of the reference implementation's <c>Dtype</c> enumeration:
/// its writer sorts tensors by that order, descending, so the order here is part of the format.
/// </summary>
public enum TensorType
{
    /// <summary>One byte, zero or one.</summary>
    Bool,

    /// <summary>4-bit float (MX), two to a byte.</summary>
    Float4,

    /// <summary>6-bit float with 2 exponent and 3 mantissa bits.</summary>
    Float6E2M3,

    /// <summary>6-bit float with 3 exponent and 2 mantissa bits.</summary>
    Float6E3M2,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8,

    /// <summary>Signed 8-bit integer.</summary>
    Int8,

    /// <summary>8-bit float with 5 exponent and 2 mantissa bits; has infinities.</summary>
    Float8E5M2,

    /// <summary>8-bit float with 4 exponent and 3 mantissa bits; has NaN and no infinity.</summary>
    Float8E4M3,

    /// <summary>8-bit power of two (MX scale).</summary>
    Float8E8M0,

    /// <summary>Signed 16-bit integer.</summary>
    Int16,

    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16,

    /// <summary>IEEE half precision.</summary>
    Float16,

    /// <summary>The upper half of a single: 8 exponent and 7 mantissa bits.</summary>
    BFloat16,

    /// <summary>Signed 32-bit integer.</summary>
    Int32,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32,

    /// <summary>IEEE single precision.</summary>
    Float32,

    /// <summary>Two singles, real and imaginary.</summary>
    Complex64,

    /// <summary>IEEE double precision.</summary>
    Float64,

    /// <summary>Signed 64-bit integer.</summary>
    Int64,

    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64,
}
