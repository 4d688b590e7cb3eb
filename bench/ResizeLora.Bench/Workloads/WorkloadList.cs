using System.Globalization;
using ResizeLora.Bench.Generation;
using ResizeLora.Recipes;

namespace ResizeLora.Bench.Workloads;

/// <summary>All workloads, in the order of the table.</summary>
/// <param name="files">The files.</param>
internal sealed class WorkloadList(BenchFiles files)
{
    private const double BatchSizeMiB = 32;
    private const double ExtractedSizeMiB = 64;
    private const int SweepLength = 10;

    private static readonly ResizeRecipe Default = ResizeRecipe.Parse(ResizeRecipe.DefaultText);

    // W9's: no base model is needed, and the shares that are kept are those that kohya's tools keep.
    private static readonly ResizeRecipe Energy = ResizeRecipe.Parse("sv_fro=0.9");

    private readonly BasePair sdxl = new(files.Checkpoint, files.HighRankLora);

    /// <summary>The workloads.</summary>
    public IReadOnlyList<Workload> All => [.. Main(), Subspace(), .. Flux(), Many(), .. Kinds(), .. Sweeps(), .. Extracted()];

    private static void Forget(IBenchProgram program) => program.ForgetNorms();

    private static void Nothing(IBenchProgram program) { }

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    // Sizes shrink with the product of two sides.
    private string SizeOf(double mebibytes) => Number(mebibytes / (files.Divisor * files.Divisor));

    private static Workload Resizing(string id, string title, FileSet[] sets, ResizeWork work, bool cold = false) =>
        new(
            id,
            title,
            sets,
            cold ? Forget
                : work.Base is { } pair ? program => program.RememberNorms(pair)
                : Nothing,
            program => program.Resize(work),
            () => FloorProgram.Read(work.Loras, cold || work.Recipes.Any(static recipe => recipe.NeedsSubspace) ? work.Base : null)
        );

    private IEnumerable<Workload> Main()
    {
        FileSet[] sets = [files.Sdxl];
        var single = new ResizeWork(files.Checkpoint, [files.HighRankLora], [Default]);
        IReadOnlyList<ResizeRecipe> batch = ResizeRecipe.ParseAll(
            $"spn_ckpt=1,thr=-1.2:subspace=0.5,spn_ckpt=0.5,thr=-0.4:spn_lora=1,size={SizeOf(BatchSizeMiB)}"
        );
        Workload lowSpectra = Spectra(files.LowRankLoras[0], $"spectra, rank {files.LowRank}");
        yield return Resizing("W1", $"cold, rank {files.HighRank}", sets, single, cold: true);
        yield return Resizing("W2", $"warm, rank {files.HighRank}", sets, single);
        yield return Spectra(files.HighRankLora, $"spectra, rank {files.HighRank}");
        yield return lowSpectra;
        yield return lowSpectra with
        {
            Title = $"spectra, rank {files.LowRank}, beside kohya's",
            Estimate = () => LayerSample.Seconds(files.LowRankLoras[0], DenseReference.DecomposeAsKohya),
        };
        yield return new Workload(
            "W4",
            "base norms",
            sets,
            Nothing,
            program => program.MeasureBase(sdxl),
            () => FloorProgram.Read([], sdxl)
        );
        yield return Resizing(
            "W5",
            $"{files.LowRankLoras.Count} × rank {files.LowRank}, 3 recipes, warm",
            sets,
            new ResizeWork(files.Checkpoint, files.LowRankLoras, batch)
        );
    }

    private Workload Spectra(string lora, string title) =>
        new("W3", title, [files.Sdxl], Nothing, program => program.Decompose(lora), () => FloorProgram.Read([lora], null));

    private Workload Subspace() =>
        new(
            "W6",
            $"subspace, rank {files.HighRank}",
            [files.Sdxl],
            program => program.PrepareSubspaces(sdxl),
            program => program.ScaleSubspaces(sdxl),
            () => FloorProgram.Read([files.HighRankLora], sdxl)
        );

    private IEnumerable<Workload> Flux()
    {
        var work = new ResizeWork(files.FluxCheckpoint, [files.FluxLora], [Default]);
        yield return Resizing("W7", $"a quarter of Flux.1 in bf16, cold, rank {files.LowRank}", [files.Flux], work, cold: true);
        yield return Resizing("W7", $"a quarter of Flux.1 in bf16, warm, rank {files.LowRank}", [files.Flux], work);
    }

    private Workload Many() =>
        Resizing(
            "W8",
            $"{files.Sd15Loras.Count} × SD 1.5, rank {files.ManyRank}, warm",
            [files.Sd15],
            new ResizeWork(files.Sd15Checkpoint, files.Sd15Loras, [Default])
        ) with
        {
            FileCount = files.Sd15Loras.Count,
        };

    private Workload[] Kinds() =>
        [
            Kind($"LoHa of rank {files.LohaRank}, all layers of SDXL", files.Loha),
            Kind(string.Create(CultureInfo.InvariantCulture, $"LoKr of factor {BenchFiles.LokrFactor}, all layers of SDXL"), files.Lokr),
        ];

    // The reference knows neither kind: what a user can do with it and with kohya's tools is to form ΔW and decompose that.
    private Workload Kind(string title, string path) =>
        Resizing("W9", title, [files.Kinds], new ResizeWork(null, [path], [Energy])) with
        {
            Estimate = () => LayerSample.Seconds(path, DenseReference.Decompose),
        };

    private IEnumerable<Workload> Sweeps()
    {
        FileSet[] sets = [files.Sdxl];
        ResizeRecipe[] sweep =
        [
            .. Enumerable
                .Range(0, SweepLength)
                .Select(static step => ResizeRecipe.Parse($"spn_ckpt=1,thr={Number(Math.Round(-0.8 - (0.1 * step), 1))}")),
        ];
        var work = new ResizeWork(files.Checkpoint, [files.HighRankLora], sweep);
        Workload one = Resizing(
            "W10",
            $"one threshold, planned, warm, rank {files.HighRank}",
            sets,
            work with
            {
                Recipes = [Default],
                IsWritten = false,
            }
        );
        yield return one;
        yield return Resizing(
            "W10",
            $"{SweepLength} thresholds, planned, warm, rank {files.HighRank}",
            sets,
            work with
            {
                IsWritten = false,
            }
        ) with
        {
            ComparedWith = one.Key,
        };
        yield return Resizing("W10", $"{SweepLength} thresholds, written, warm, rank {files.HighRank}", sets, work) with
        {
            ComparedWith = $"W2 warm, rank {files.HighRank}",
        };
    }

    private IEnumerable<Workload> Extracted()
    {
        FileSet[] sets = [files.Sdxl, files.Extracted];
        var work = new ResizeWork(files.Checkpoint, [files.ExtractedLora], [Default]);
        string size = SizeOf(ExtractedSizeMiB);
        ResizeRecipe[] sized = [ResizeRecipe.Parse($"spn_ckpt=1,size={size}")];
        yield return Sampled(Resizing("W11", $"extracted, rank {files.ExtractedRank}, warm", sets, work));
        yield return Sampled(
            Resizing("W11", $"extracted, rank {files.ExtractedRank}, to {size} MiB, warm", sets, work with { Recipes = sized })
        );

        // Whole, it would hold U and V of all layers in single precision, twice the file.
        Workload Sampled(Workload workload) =>
            workload with
            {
                Estimate = () => LayerSample.Seconds(files.ExtractedLora, ReferenceProgram.ResizeLayer),
            };
    }
}
