using System.Diagnostics;
using System.Globalization;
using ResizeLora.Tests.Fuzzing;

namespace ResizeLora.Bench.Fuzzing;

/// <summary>Runs the fuzz tests' generators for as long as one likes, each time with other numbers.</summary>
internal static class FuzzRun
{
    private const int CasesAtOnce = 1000;

    /// <summary>Makes up headers and recipes in turn until the time is over.</summary>
    /// <param name="duration">How long.</param>
    /// <param name="report">Told how far it is, and of what fails.</param>
    /// <returns>Whether everything held.</returns>
    public static bool Run(TimeSpan duration, Action<string> report)
    {
        var clock = Stopwatch.StartNew();
        int seed = Environment.TickCount;
        long cases = 0;
        try
        {
            for (; clock.Elapsed < duration; seed++)
            {
                var random = new Random(seed);
                for (int index = 0; index < CasesAtOnce; index++)
                {
                    HeaderFuzz.CheckNext(random);
                    RecipeFuzz.CheckNext(random);
                }

                cases += CasesAtOnce;
            }
        }
        catch (FuzzFailureException exception)
        {
            report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {exception.Message}"));
            return false;
        }

        report(string.Create(CultureInfo.InvariantCulture, $"{cases:N0} headers and as many recipes were read or refused as documented."));
        return true;
    }
}
