using System.Diagnostics;
using System.Globalization;
using ResizeLora.Bench.Generation;
using ResizeLora.Checkpoints;
using ResizeLora.Resizing;

namespace ResizeLora.Bench.Measuring;

/// <summary>What the norms of a base model took in one type.</summary>
/// <param name="Type">The type.</param>
/// <param name="NanosecondsPerWeight">The median time over the number of weights.</param>
/// <param name="FileLength">The size of the file in bytes.</param>
internal sealed record TypeFigures(string Type, double NanosecondsPerWeight, long FileLength);

/// <summary>Measures the norms of one base model in several types.</summary>
/// <param name="files">The files.</param>
/// <param name="outputFolder">Where norms are kept meanwhile.</param>
/// <param name="report">Told of each run.</param>
internal sealed class TypeBench(TypeFiles files, string outputFolder, Action<string> report)
{
    /// <summary>Measures all types in turn, so that a disturbance hits all.</summary>
    /// <param name="runs">How many runs, of which the median counts.</param>
    public IReadOnlyList<TypeFigures> Measure(int runs)
    {
        var times = files.Paths.ToDictionary(static file => file.Path, static _ => new List<double>());

        // One run that does not count brings the files into the page cache.
        for (int run = -1; run < runs; run++)
        {
            foreach ((string type, string path) in files.Paths)
            {
                double time = Measure(path);
                report(string.Create(CultureInfo.InvariantCulture, $"norms in {type}: {time:0.000} ns / weight"));
                if (run >= 0)
                {
                    times[path].Add(time);
                }
            }
        }

        return
        [
            .. files.Paths.Select(file => new TypeFigures(
                file.Type,
                times[file.Path].Order().ElementAt((runs - 1) / 2),
                new FileInfo(file.Path).Length
            )),
        ];
    }

    private double Measure(string path)
    {
        string folder = Path.Combine(outputFolder, string.Create(CultureInfo.InvariantCulture, $"norms-{Guid.NewGuid():N}"));
        using var session = new ResizeSession("cpu", path, new NormCache(folder));
        Checkpoint checkpoint = session.Checkpoint!;
        BaseWeight[] weights = [.. checkpoint.Weights];
        if (weights.Length != files.WeightCount)
        {
            throw new InvalidOperationException($"'{path}' has {weights.Length} weights instead of {files.WeightCount}.");
        }

        var clock = Stopwatch.StartNew();
        session.MeasureCheckpoint(checkpoint, weights, refresh: false, progress: null, CancellationToken.None);
        double seconds = clock.Elapsed.TotalSeconds;
        Directory.Delete(folder, recursive: true);
        return seconds * 1e9 / weights.Sum(static weight => (double)weight.Rows * weight.Columns);
    }
}
