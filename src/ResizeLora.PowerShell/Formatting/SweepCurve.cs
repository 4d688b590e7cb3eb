using System.Runtime.CompilerServices;
using ResizeLora.Resizing;

namespace ResizeLora.PowerShell.Formatting;

/// <summary>
/// The sizes and errors of all measurements of a file by one command. They hang on the measurements unseen, and are gone with them; a
/// measurement that was stored has none.
/// </summary>
internal sealed class SweepCurve
{
    // Fewer are no curve.
    private const int FewestPoints = 3;

    private static readonly ConditionalWeakTable<ResizeMeasurement, SweepCurve> Curves = [];

    private SweepCurve(IReadOnlyList<(long Length, double Error)> points)
    {
        Points = points;
    }

    /// <summary>The length of each output in bytes, and its error relative to the LoRA.</summary>
    public IReadOnlyList<(long Length, double Error)> Points { get; }

    /// <summary>Tells measurements that they belong together; a few of them do not.</summary>
    /// <param name="measurements">The measurements of one file.</param>
    public static void Join(IReadOnlyList<ResizeMeasurement> measurements)
    {
        if (measurements.Count < FewestPoints)
        {
            return;
        }

        var curve = new SweepCurve([.. measurements.Select(static one => (one.NewLength, one.RelativeErrorToLora))]);
        foreach (ResizeMeasurement measurement in measurements)
        {
            Curves.Add(measurement, curve);
        }
    }

    /// <summary>The curve that a measurement belongs to, or null.</summary>
    /// <param name="measurement">The measurement, or any other object.</param>
    public static SweepCurve? Of(object measurement) =>
        measurement is ResizeMeasurement one && Curves.TryGetValue(one, out SweepCurve? curve) ? curve : null;
}
