using System.Globalization;

namespace ResizeLora.Bench.Generation;

/// <summary>The files that the workloads use: a checkpoint, one LoRA of high rank, and several of low rank.</summary>
internal sealed class BenchFiles
{
    private const int LowRankCount = 10;
    private const int SmallLowRankCount = 3;
    private const int SmallDivisor = 4;

    // σ_max of a checkpoint's typical weight, in multiples of its bulk's edge.
    private const double TypicalLeader = 3;

    private readonly SdxlArchitecture architecture;

    /// <summary>Names the files of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="small">Whether the shapes are a quarter as wide, and the ranks a quarter as high.</param>
    public BenchFiles(string folder, bool small)
    {
        Folder = folder;
        Divisor = small ? SmallDivisor : 1;
        architecture = new SdxlArchitecture(Divisor);
        Checkpoint = Path.Combine(folder, "sdxl-fp16.safetensors");
        HighRank = 128 / Divisor;
        LowRank = 32 / Divisor;
        HighRankLora = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"lora-r{HighRank}.safetensors"));
        LowRankLoras = Enumerable
            .Range(0, small ? SmallLowRankCount : LowRankCount)
            .Select(number => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"lora-r{LowRank}-{number:00}.safetensors")))
            .ToArray();
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>What every width is divided by.</summary>
    public int Divisor { get; }

    /// <summary>The checkpoint.</summary>
    public string Checkpoint { get; }

    /// <summary>128, or a quarter of it.</summary>
    public int HighRank { get; }

    /// <summary>32, or a quarter of it.</summary>
    public int LowRank { get; }

    /// <summary>The LoRA of the high rank.</summary>
    public string HighRankLora { get; }

    /// <summary>Ten LoRAs of the low rank; three where all is small.</summary>
    public IReadOnlyList<string> LowRankLoras { get; }

    /// <summary>Makes what is missing.</summary>
    /// <param name="report">Told of each file.</param>
    public void Generate(Action<string> report)
    {
        Directory.CreateDirectory(Folder);
        Report(
            Checkpoint,
            SyntheticFile.Write(
                Checkpoint,
                architecture.Tensors,
                new Dictionary<string, string>(),
                tensor => WeightOf(tensor.Name, tensor.Shape)
            )
        );
        foreach (string lora in (string[])[HighRankLora, .. LowRankLoras])
        {
            Report(lora, WriteLora(lora, lora == HighRankLora ? HighRank : LowRank));
        }

        void Report(string path, bool written) => report($"{path} {(written ? "was written" : "is there")}");
    }

    private static TrainedWeight WeightOf(string name, IReadOnlyList<long> shape)
    {
        int rows = shape.Count < 2 ? 1 : (int)shape[0];
        return new TrainedWeight(name, rows, (int)(shape.Aggregate(1L, static (product, dimension) => product * dimension) / rows));
    }

    private bool WriteLora(string path, int rank)
    {
        double alpha = rank / 2.0;
        string number = rank.ToString(CultureInfo.InvariantCulture);
        var metadata = new Dictionary<string, string>
        {
            ["ss_base_model_version"] = "sdxl_base_v1-0",
            ["ss_network_alpha"] = alpha.ToString(CultureInfo.InvariantCulture),
            ["ss_network_dim"] = number,
            ["ss_network_module"] = "networks.lora",
        };
        var shapes = new List<(string Name, long[] Shape)>();
        var sources = new Dictionary<string, Func<ITensorSource>>(StringComparer.Ordinal);
        foreach ((string layer, int rows, int columns) in architecture.LoraLayers())
        {
            string seed = $"{Path.GetFileName(path)}/{layer}";
            Add(layer + LoraNames.Alpha, [], () => new ConstantSource((float)alpha));
            Add(layer + LoraNames.Down, [rank, columns], () => new TrainedDown($"{seed}/down", columns));
            Add(
                layer + LoraNames.Up,
                [rows, rank],
                () => new TrainedUp($"{seed}/up", rows, rank, UpNorm(seed, rows, columns, alpha / rank))
            );
        }

        return SyntheticFile.Write(path, shapes, metadata, tensor => sources[tensor.Name]());

        void Add(string name, long[] shape, Func<ITensorSource> source)
        {
            shapes.Add((name, shape));
            sources.Add(name, source);
        }
    }

    // σ₁ of ΔW lies between 1/30 of a typical σ_max(W) and all of it, so that the default recipe keeps much of one layer and
    // nothing of another.
    private static double UpNorm(string seed, int rows, int columns, double scale)
    {
        double baseNorm = TypicalLeader * TrainedWeight.BulkEdge(rows, columns);
        double share = Math.Pow(30, -CounterNoise.Uniform($"{seed}/share"));
        return share * baseNorm / (scale * TrainedDown.Deviation(columns) * Math.Sqrt(columns));
    }
}
