using System.Globalization;

namespace ResizeLora.Bench.Generation;

/// <summary>A LoRA as training leaves it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Rank">The rank of every layer.</param>
/// <param name="Layers">The layers.</param>
internal sealed record SyntheticLora(string Path, int Rank, Func<IEnumerable<TargetLayer>> Layers)
{
    // σ_max of a checkpoint's typical weight, in multiples of its bulk's edge.
    private const double TypicalLeader = 3;

    private const string PeftDown = ".lora_A.weight";
    private const string PeftUp = ".lora_B.weight";

    private double Scale => HasPeftNames ? 1 : Alpha / Rank;

    /// <summary>How the factors are stored.</summary>
    public RowFormat Format { get; init; } = RowFormat.Float16;

    /// <summary>Whether it has PEFT's names, and with them no alpha.</summary>
    public bool HasPeftNames { get; init; }

    /// <summary>alpha: half the rank, as most train.</summary>
    public double Alpha { get; init; } = Rank / 2.0;

    /// <summary>What the trainer says of the base model.</summary>
    public string? BaseModelVersion { get; init; }

    /// <summary>The file, and how it is made.</summary>
    public BenchFile File => new(Path, Write);

    private bool Write()
    {
        var list = new TensorList(Format);
        foreach (TargetLayer layer in Layers())
        {
            Add(list, layer);
        }

        return SyntheticFile.Write(Path, list.Tensors, Metadata());
    }

    private void Add(TensorList list, TargetLayer layer)
    {
        string seed = $"{System.IO.Path.GetFileName(Path)}/{layer.Name}";
        (int rows, int columns) = (layer.Rows, layer.Columns);
        long[] units = [.. Enumerable.Repeat(1L, layer.Shape.Length - 2)];
        if (!HasPeftNames)
        {
            list.Add(layer.Name + LoraNames.Alpha, [], () => new ConstantSource((float)Alpha));
        }

        list.Add(
            layer.Name + (HasPeftNames ? PeftDown : LoraNames.Down),
            [Rank, .. layer.Shape.Skip(1)],
            () => new TrainedDown($"{seed}/down", columns)
        );
        list.Add(
            layer.Name + (HasPeftNames ? PeftUp : LoraNames.Up),
            [rows, Rank, .. units],
            () => new TrainedUp($"{seed}/up", rows, Rank, UpNorm(seed, rows, columns))
        );
    }

    private Dictionary<string, string> Metadata() =>
        HasPeftNames
            ? new Dictionary<string, string> { ["format"] = "pt" }
            : new Dictionary<string, string>
            {
                ["ss_base_model_version"] = BaseModelVersion ?? string.Empty,
                ["ss_network_alpha"] = Alpha.ToString(CultureInfo.InvariantCulture),
                ["ss_network_dim"] = Rank.ToString(CultureInfo.InvariantCulture),
                ["ss_network_module"] = "networks.lora",
            };

    // σ₁ of ΔW lies between 1/30 of a typical σ_max(W) and all of it, so that the default recipe keeps much of one layer and
    // nothing of another.
    private double UpNorm(string seed, int rows, int columns)
    {
        double baseNorm = TypicalLeader * TrainedWeight.BulkEdge(rows, columns);
        double share = Math.Pow(30, -CounterNoise.Uniform($"{seed}/share"));
        return share * baseNorm / (Scale * TrainedDown.Deviation(columns) * Math.Sqrt(columns));
    }
}
