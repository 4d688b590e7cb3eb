using ResizeLora.Files;

namespace ResizeLora.Spectra;

/// <summary>What an output's type can hold, and how exact a layer written in it is.</summary>
/// <param name="Largest">The largest finite number.</param>
/// <param name="HalfStep">Half the distance of the smallest numbers: what rounding near zero changes at most.</param>
/// <param name="Tolerance">What writing may change of a layer, relative to its ‖ΔW‖F.</param>
internal readonly record struct NumberRange(double Largest, double HalfStep, double Tolerance)
{
    /// <summary>The range of a type.</summary>
    /// <param name="type">Float16, BFloat16 or Float32.</param>
    public static NumberRange Of(TensorType type) =>
        type switch
        {
            // The smallest subnormal numbers are 2⁻²⁴, 2⁻¹³³ and 2⁻¹⁴⁹.
            TensorType.Float16 => new NumberRange((double)Half.MaxValue, Math.ScaleB(1, -25), 1e-3),
            TensorType.BFloat16 => new NumberRange(Math.ScaleB(255.0 / 128, 127), Math.ScaleB(1, -134), 8e-3),
            _ => new NumberRange(float.MaxValue, Math.ScaleB(1, -150), 1e-5),
        };
}
