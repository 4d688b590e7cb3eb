using ResizeLora.Bench.Measuring;

namespace ResizeLora.Bench.Profiling;

/// <summary>How W1 grows with the threads: simulated from what its pieces take on one, and measured where cores are there.</summary>
internal static class ScalingReport
{
    // LayerWorkers' own.
    private const int AheadOfEachThread = 12;

    private static readonly int[] ThreadCounts = [1, 2, 3, 4, 6, 8, 12, 16];

    /// <summary>Simulates.</summary>
    /// <param name="profile">What the pieces take on one thread.</param>
    /// <param name="measured">Seconds of real runs by their number of threads; one of them with one thread.</param>
    public static MarkdownTable Simulate(ScalingProfile profile, IReadOnlyDictionary<int, double> measured)
    {
        (double Norms, double Spectra, double Writing) one = PhasesOf(profile, 1);

        // What one thread took beyond the pieces: opening, planning, flushing. No thread more makes it shorter.
        double rest = Math.Max(0, measured[1] - one.Norms - one.Spectra - one.Writing);
        double wholeOfOne = rest + one.Norms + one.Spectra + one.Writing;
        var table = new MarkdownTable(["threads", "norms", "spectra", "writing", "the whole", "the whole, s", "measured, s", "measured"]);
        foreach (int threads in ThreadCounts)
        {
            (double norms, double spectra, double writing) = PhasesOf(profile, threads);
            double whole = rest + norms + spectra + writing;
            bool isMeasured = measured.TryGetValue(threads, out double seconds);
            table.AddRow(
                $"{threads}",
                $"{one.Norms / norms:0.0}×",
                $"{one.Spectra / spectra:0.0}×",
                $"{one.Writing / writing:0.0}×",
                $"{wholeOfOne / whole:0.0}×",
                $"{whole:0.00}",
                isMeasured ? (FormattableString)$"{seconds:0.00}" : $"",
                isMeasured ? (FormattableString)$"{measured[1] / seconds:0.0}×" : $""
            );
        }

        return table;
    }

    private static (double Norms, double Spectra, double Writing) PhasesOf(ScalingProfile profile, int threads) =>
        (
            Schedule.ForEach(profile.Norms, threads),
            Schedule.InOrder(profile.Spectra, new double[profile.Spectra.Length], threads, AheadOfEachThread),
            Schedule.InOrder(profile.Products, profile.Writing, threads, AheadOfEachThread)
        );
}
