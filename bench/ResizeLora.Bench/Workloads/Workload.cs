using System.Globalization;
using ResizeLora.Bench.Generation;
using ResizeLora.Recipes;

namespace ResizeLora.Bench.Workloads;

/// <summary>One line of the table.</summary>
/// <param name="Id">Its short name, such as <c>W4</c>; two lines may share one.</param>
/// <param name="Title">What is done.</param>
/// <param name="Prepare">What comes before each run and is not timed.</param>
/// <param name="Run">What is timed.</param>
/// <param name="Floor">The least that the same work can cost.</param>
internal sealed record Workload(
    string Id,
    string Title,
    Action<IBenchProgram> Prepare,
    Action<IBenchProgram> Run,
    Action<FloorProgram> Floor
)
{
    private const double BatchSizeMiB = 32;

    /// <summary>What tells it from all others.</summary>
    public string Key => $"{Id} {Title}";

    /// <summary>All workloads.</summary>
    /// <param name="files">The files.</param>
    public static IReadOnlyList<Workload> All(BenchFiles files)
    {
        string[] highRank = [files.HighRankLora];
        string[] lowRank = [files.LowRankLoras[0]];
        ResizeRecipe[] single = [ResizeRecipe.Parse(ResizeRecipe.DefaultText)];
        string size = (BatchSizeMiB / (files.Divisor * files.Divisor)).ToString(CultureInfo.InvariantCulture);
        IReadOnlyList<ResizeRecipe> batch = ResizeRecipe.ParseAll(
            $"spn_ckpt=1,thr=-1.2:subspace=0.5,spn_ckpt=0.5,thr=-0.4:spn_lora=1,size={size}"
        );
        return
        [
            new(
                "W1",
                $"cold, rank {files.HighRank}",
                Forget,
                program => program.Resize(highRank, single),
                floor => floor.Read(highRank, withBase: true)
            ),
            new(
                "W2",
                $"warm, rank {files.HighRank}",
                Remember,
                program => program.Resize(highRank, single),
                floor => floor.Read(highRank, withBase: false)
            ),
            new(
                "W3",
                $"spectra, rank {files.HighRank}",
                Nothing,
                program => program.Decompose(files.HighRankLora),
                floor => floor.Read(highRank, withBase: false)
            ),
            new(
                "W3",
                $"spectra, rank {files.LowRank}",
                Nothing,
                program => program.Decompose(files.LowRankLoras[0]),
                floor => floor.Read(lowRank, withBase: false)
            ),
            new("W4", "base norms", Nothing, static program => program.MeasureBase(), static floor => floor.Read([], withBase: true)),
            new(
                "W5",
                $"{files.LowRankLoras.Count} × rank {files.LowRank}, 3 recipes, warm",
                Remember,
                program => program.Resize(files.LowRankLoras, batch),
                floor => floor.Read(files.LowRankLoras, withBase: true)
            ),
            new(
                "W6",
                $"subspace, rank {files.HighRank}",
                program => program.PrepareSubspaces(files.HighRankLora),
                static program => program.ScaleSubspaces(),
                floor => floor.Read(highRank, withBase: true)
            ),
        ];
    }

    private static void Forget(IBenchProgram program) => program.ForgetNorms();

    private static void Remember(IBenchProgram program) => program.RememberNorms();

    private static void Nothing(IBenchProgram program) { }
}
