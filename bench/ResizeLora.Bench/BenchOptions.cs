using System.Globalization;

namespace ResizeLora.Bench;

/// <summary>The command line.</summary>
internal sealed record BenchOptions
{
    /// <summary>What the options are, for whoever asks.</summary>
    public const string Usage = """
        ResizeLora.Bench: the engine beside the reference program's algorithm, on the same files.

          --generate DIR   write the synthetic files into DIR (9.9 GB) and stop
          --folder DIR     where the files are, or will be made (default: resizelora-bench in the temporary folder)
          --small          shapes a quarter as wide, made in a temporary folder that is removed at the end
          --only W1,start  these workloads alone, without the check of accuracy; start is the start-up
          --device NAME    where the engine computes, as -Device of the cmdlets takes it (default cpu)
          --runs N         runs of each side, of which the median counts (default 3; 1 with --small)
          --no-memory      do not measure memory, which takes one more run of the engine in a process of its own
          --kinds          LoHa, LoKr, DoRA and whole differences at real shapes instead (1 GB of files): time and memory
          --fuzz MINUTES   make up headers and recipes for so long instead, and see that each is read or refused
          --profile        where the engine's time goes in W3 and W4, and how fast W5 and W6 multiply, instead of the table
          --markdown FILE  write the tables to FILE too, between its marks when it has them (docs/performance.md)
        """;

    private const int FullRuns = 3;
    private const int SmallRuns = 1;

    private int? runs;

    /// <summary>The folder to fill, when nothing but that is asked.</summary>
    public string? Generate { get; private init; }

    /// <summary>The files' folder.</summary>
    public string Folder { get; init; } = Path.Combine(Path.GetTempPath(), "resizelora-bench");

    /// <summary>Whether shapes are a quarter as wide.</summary>
    public bool Small { get; private init; }

    /// <summary>The ids of the workloads that are asked for; empty for all.</summary>
    public IReadOnlyList<string> Only { get; private init; } = [];

    /// <summary>Runs of each side.</summary>
    public int Runs => runs ?? (Small ? SmallRuns : FullRuns);

    /// <summary>Where the engine computes.</summary>
    public string Device { get; private init; } = "cpu";

    /// <summary>Whether memory is measured.</summary>
    public bool Memory { get; private init; } = true;

    /// <summary>How long to fuzz instead, or null.</summary>
    public TimeSpan? Fuzz { get; private init; }

    /// <summary>Whether the other kinds of adapters are measured instead.</summary>
    public bool Kinds { get; private init; }

    /// <summary>Whether the engine is profiled instead.</summary>
    public bool Profile { get; private init; }

    /// <summary>Where the tables go too.</summary>
    public string? Markdown { get; private init; }

    /// <summary>Set in a child: the workload that it runs under observation.</summary>
    public string? WatchedWorkload { get; private init; }

    /// <summary>Set in a child: the file of another kind that it resizes under observation.</summary>
    public string? WatchedKind { get; private init; }

    /// <summary>Reads the command line.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <exception cref="FormatException">One of them is not understood.</exception>
    public static BenchOptions Parse(IEnumerable<string> arguments)
    {
        var options = new BenchOptions();
        var rest = new Queue<string>(arguments);
        while (rest.TryDequeue(out string? argument))
        {
            string Value() => rest.TryDequeue(out string? value) ? value : throw new FormatException($"{argument} needs a value.");
            options = argument switch
            {
                "--generate" => options with { Generate = Value() },
                "--folder" => options with { Folder = Path.GetFullPath(Value()) },
                "--small" => options with { Small = true },
                "--only" => options with { Only = Value().Split(',') },
                "--runs" => options with { runs = int.Parse(Value(), CultureInfo.InvariantCulture) },
                "--device" => options with { Device = Value() },
                "--no-memory" => options with { Memory = false },
                "--fuzz" => options with { Fuzz = TimeSpan.FromMinutes(double.Parse(Value(), CultureInfo.InvariantCulture)) },
                "--kinds" => options with { Kinds = true },
                "--watch-kind" => options with { WatchedKind = Value() },
                "--profile" => options with { Profile = true },
                "--markdown" => options with { Markdown = Value() },
                "--watch" => options with { WatchedWorkload = Value() },
                _ => throw new FormatException($"There is no option '{argument}'."),
            };
        }

        return options;
    }

    /// <summary>The command line of a child that runs the engine on one workload under observation.</summary>
    /// <param name="workload">The workload's key.</param>
    public IEnumerable<string> ForChild(string workload)
    {
        string[] arguments = ["--folder", Folder, "--device", Device, "--watch", workload];
        return Small ? arguments.Append("--small") : arguments;
    }
}
