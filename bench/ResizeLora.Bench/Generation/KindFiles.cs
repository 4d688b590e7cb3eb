using System.Globalization;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.Bench.Generation;

/// <summary>Files of the other kinds of adapters at real shapes, and what is asked of each.</summary>
internal sealed class KindFiles
{
    private const int LohaRank = 16;
    private const int LokrFactor = 8;
    private const int DoraRank = 32;
    private const int WanRank = 64;
    private const int WanBlocks = 10;
    private const int WanWidth = 5120;
    private const int WanInner = 13824;

    private readonly string folder;
    private readonly SdxlArchitecture architecture = new(1);

    /// <summary>Names the files of a folder.</summary>
    /// <param name="folder">The folder.</param>
    public KindFiles(string folder)
    {
        this.folder = folder;
        Jobs =
        [
            new KindJob("loha", "LoHa of rank 16, all layers of SDXL, to rank 16", PathOf("loha16"), "rank=16", OutputKind.Smallest),
            new KindJob("lokr", "LoKr of factor 8, all layers of SDXL, in its kind", PathOf("lokr8"), "sv_fro=0.9", OutputKind.Same),
            new KindJob("lokr-lora", "the same as LoRA of rank 64", PathOf("lokr8"), "rank=64", OutputKind.LoRA),
            new KindJob("dora", "DoRA of rank 32, all layers of SDXL, to rank 16", PathOf("dora32"), "rank=16", OutputKind.Smallest),
            new KindJob("wan", "Wan 2.1 14B, a quarter of its blocks, as lightx2v's", PathOf("wan"), "rank=32", OutputKind.Smallest),
            new KindJob("wan-diff", "the same with a difference of 5120 × 5120", PathOf("wan-diff"), "rank=32", OutputKind.Smallest),
        ];
    }

    /// <summary>What is measured.</summary>
    public IReadOnlyList<KindJob> Jobs { get; }

    /// <summary>Makes what is missing.</summary>
    /// <param name="report">Told of each file.</param>
    public void Generate(Action<string> report)
    {
        Directory.CreateDirectory(folder);
        Write("loha16", list => SyntheticKinds.AddLoha(list, architecture.Layers(), LohaRank));
        Write("lokr8", list => SyntheticKinds.AddLokr(list, architecture.Layers(), LokrFactor));
        Write("dora32", Dora);
        Write("wan", static list => Wan(list, withDifference: false));
        Write("wan-diff", static list => Wan(list, withDifference: true));

        void Write(string name, Action<TensorList> describe)
        {
            var list = new TensorList(RowFormat.Float16);
            describe(list);
            bool written = SyntheticFile.Write(PathOf(name), list.Tensors, new Dictionary<string, string>());
            report($"{PathOf(name)} {(written ? "was written" : "is there")}");
        }
    }

    private string PathOf(string name) => Path.Combine(folder, $"{name}.safetensors");

    private void Dora(TensorList list)
    {
        foreach ((string layer, long[] shape) in architecture.Layers())
        {
            long[] units = [.. Enumerable.Repeat(1L, shape.Length - 2)];
            AddPair(list, layer, shape[0], [.. shape.Skip(1)], DoraRank, units);
            list.Add(layer + LoraNames.Alpha, [], static () => new ConstantSource(DoraRank / 2f));
            list.Add($"{layer}.dora_scale", [shape[0], 1, .. units], static () => new ConstantSource(1));
        }
    }

    // 12 pairs and 6 norms a block, and a bias for each pair.
    private static void Wan(TensorList list, bool withDifference)
    {
        for (int block = 0; block < WanBlocks; block++)
        {
            string start = string.Create(CultureInfo.InvariantCulture, $"diffusion_model.blocks.{block}.");
            foreach (string module in (string[])["q", "k", "v", "o"])
            {
                AddWanPair($"{start}self_attn.{module}", WanWidth, WanWidth);
                AddWanPair($"{start}cross_attn.{module}", WanWidth, WanWidth);
            }

            AddWanPair($"{start}cross_attn.k_img", WanWidth, WanWidth);
            AddWanPair($"{start}cross_attn.v_img", WanWidth, WanWidth);
            AddWanPair($"{start}ffn.0", WanInner, WanWidth);
            AddWanPair($"{start}ffn.2", WanWidth, WanInner);
            foreach (string norm in (string[])["self_attn.norm_q", "self_attn.norm_k", "cross_attn.norm_q", "cross_attn.norm_k", "norm3"])
            {
                list.Add($"{start}{norm}.diff", [WanWidth], static () => new ConstantSource(0.01f));
            }
        }

        if (withDifference)
        {
            const string Difference = "diffusion_model.time_embedding.2.diff";
            list.Add(Difference, [WanWidth, WanWidth], static () => new TrainedDown(Difference, WanWidth));
        }

        void AddWanPair(string layer, long rows, long columns)
        {
            AddPair(list, layer, rows, [columns], WanRank, []);
            list.Add($"{layer}.diff_b", [rows], static () => new ConstantSource(0.01f));
        }
    }

    private static void AddPair(TensorList list, string layer, long rows, long[] inputs, int rank, long[] units)
    {
        int columns = (int)inputs.Aggregate(1L, static (product, side) => product * side);
        list.Add(layer + LoraNames.Up, [rows, rank, .. units], () => new TrainedUp(layer + LoraNames.Up, (int)rows, rank, spectralNorm: 1));
        list.Add(layer + LoraNames.Down, [rank, .. inputs], () => new TrainedDown(layer + LoraNames.Down, columns));
    }
}

/// <summary>One file of another kind, and what is asked of it.</summary>
/// <param name="Key">Its name on the command line of a child.</param>
/// <param name="Title">What it is, for the table.</param>
/// <param name="Lora">The file.</param>
/// <param name="Recipe">The recipe.</param>
/// <param name="Kind">The form that is asked for.</param>
internal sealed record KindJob(string Key, string Title, string Lora, string Recipe, OutputKind Kind)
{
    /// <summary>Resizes the file, whole differences included.</summary>
    /// <param name="output">The output.</param>
    /// <returns>Its size in bytes.</returns>
    public long Run(string output)
    {
        using var session = new ResizeSession("cpu", [], Checkpoints.NormCache.ForUser());
        var adapter = Adapters.Adapter.Open(Lora, includeDifference: true);
        using var job = ResizeJob.Decompose(session, adapter, progress: null, CancellationToken.None);
        ResizePlan plan = job.Plan(ResizeRecipe.Parse(Recipe), TensorType.Float16, Kind, progress: null, CancellationToken.None);
        job.Write(plan, output, overwrite: true, progress: null, CancellationToken.None);
        return plan.Length;
    }
}
