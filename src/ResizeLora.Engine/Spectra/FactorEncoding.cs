namespace ResizeLora.Spectra;

/// <summary>Both factors of a truncated layer as they are written.</summary>
/// <param name="Up">The bytes of up, [out, k].</param>
/// <param name="Down">The bytes of down, [k, in].</param>
/// <param name="Error">What the type's range changes of the layer, relative to its ‖ΔW‖F; null where that is within the tolerance.</param>
internal sealed record FactorEncoding(byte[] Up, byte[] Down, double? Error);
