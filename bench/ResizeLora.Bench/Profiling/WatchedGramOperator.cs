using System.Diagnostics;
using ResizeLora.Checkpoints;

namespace ResizeLora.Bench.Profiling;

/// <summary>Counts and times the applications of an operator.</summary>
/// <param name="watched">The operator.</param>
internal sealed class WatchedGramOperator(IGramOperator watched) : IGramOperator
{
    /// <inheritdoc/>
    public int Size => watched.Size;

    /// <inheritdoc/>
    public int Exponent => watched.Exponent;

    /// <inheritdoc/>
    public double SquaredFrobeniusNorm => watched.SquaredFrobeniusNorm;

    /// <summary>Applications so far.</summary>
    public int Applications { get; private set; }

    /// <summary>The time that they took.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<float> vector, Span<float> product)
    {
        long start = Stopwatch.GetTimestamp();
        watched.Apply(vector, product);
        Elapsed += Stopwatch.GetElapsedTime(start);
        Applications++;
    }
}
