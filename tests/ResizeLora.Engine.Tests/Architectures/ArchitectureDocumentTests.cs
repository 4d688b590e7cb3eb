using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Sessions;

namespace ResizeLora.Tests.Architectures;

/// <summary>docs/architectures.md and the table of the README name the families that there are, and each marked cell works.</summary>
public sealed class ArchitectureDocumentTests : IDisposable
{
    private const string Mark = "●";
    private const string Heading = "| family | ";

    // The names of its files have no prefix, and its folder has no subfolders.
    private const string LanguageModel = "Language model";

    private static readonly string Root = (string)AppContext.GetData("ResizeLora.RepositoryRoot")!;

    // What is recognised only when a few layers tell no more.
    private static readonly string[] Undecided = ["SD 1.x or 2.x", "Z-Image or Lumina 2"];

    private static readonly string[] Containers = ["one file", "folder", "GGUF"];

    private readonly TemporaryFolder folder = new();

    private enum Suffixes
    {
        Kohya,
        Peft,
        OldDiffusers,
    }

    public static TheoryData<string, string, string> Claims()
    {
        var claims = new TheoryData<string, string, string>();
        string[] columns = ReadmeColumns();
        foreach (string[] row in ReadmeRows())
        {
            string[] marked = [.. columns.Where((_, index) => row[index + 1] == Mark)];
            foreach (string spelling in marked.Except(Containers))
            {
                foreach (string container in marked.Intersect(Containers))
                {
                    claims.Add(row[0], spelling, container);
                }
            }
        }

        return claims;
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_page_of_architectures_names_each_of_them_once_and_no_other() =>
        Assert.Equal(
            ArchitectureCatalog.All.Select(static architecture => architecture.Name).Order(StringComparer.Ordinal),
            Table("docs/architectures.md", "| family | recognised by |").Skip(2).Select(static row => row[0]).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void The_README_names_the_same_families_except_those_that_nobody_asks_for() =>
        Assert.Equal(
            ArchitectureCatalog.All.Select(static architecture => architecture.Name).Except(Undecided).Order(StringComparer.Ordinal),
            ReadmeRows().Select(static row => row[0]).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Every_cell_of_the_README_is_marked_or_empty_and_every_column_is_known()
    {
        Assert.Equal(["kohya", "OneTrainer", "LyCORIS", "diffusers", "PEFT", "own names", .. Containers], ReadmeColumns());
        Assert.All(ReadmeRows(), static row => Assert.All(row[1..], static cell => Assert.True(cell is "" or Mark, cell)));
        Assert.InRange(Claims().Count, 150, 1000);
    }

    [Theory]
    [MemberData(nameof(Claims))]
    public void Each_layer_of_a_spelling_finds_its_weight_in_a_base_model(string family, string spelling, string container)
    {
        SampleFamily sample = SampleFamily.All[family];
        using Checkpoint checkpoint = Checkpoint.Open(WriteBase(family, sample, container));
        Assert.Equal(family, checkpoint.Family);
        int number = 0;
        foreach ((string prefix, bool isFlat, var weights, Suffixes suffixes) in AdaptersOf(family, sample, spelling))
        {
            string path = folder.PathOf($"adapter{number++}.safetensors");
            using Adapter adapter = Adapter.Open(WriteAdapter(path, prefix, isFlat, weights, suffixes));
            var joined = new AdapterBase(adapter, checkpoint);
            Assert.Equal((weights.Count, weights.Count), (adapter.Layers.Count, joined.FittingCount));
            Assert.False(joined.IsOfAnotherFamily, prefix);
        }

        Assert.NotEqual(0, number);
    }

    private static IEnumerable<(string Prefix, bool IsFlat, IReadOnlyList<SampleWeight> Weights, Suffixes Suffixes)> AdaptersOf(
        string family,
        SampleFamily sample,
        string spelling
    )
    {
        bool isUNet = ArchitectureCatalog.Find(family)!.Denoiser == Component.UNet;
        bool isLanguageModel = ArchitectureCatalog.Find(family)!.Denoiser == Component.LanguageModel;
        return spelling switch
        {
            "kohya" when family is "SD 1.x" or "SD 2.x" => [("lora_unet_", true, sample.DiffusersWeights, Suffixes.Kohya)],
            "kohya" when family == "Stable Cascade" => [("lora_prior_unet_", true, sample.OwnWeights, Suffixes.Kohya)],
            "kohya" => [("lora_unet_", true, sample.OwnWeights, Suffixes.Kohya), ("lora_unet__", true, sample.OwnWeights, Suffixes.Kohya)],
            "OneTrainer" => [(isUNet ? "lora_unet_" : "lora_transformer_", true, sample.DiffusersWeights, Suffixes.Kohya)],
            "LyCORIS" => [("lycoris_", true, sample.DiffusersWeights, Suffixes.Kohya)],
            "diffusers" when isUNet =>
            [
                ("unet.", false, sample.DiffusersWeights, Suffixes.Peft),
                ("unet.", false, sample.DiffusersWeights, Suffixes.OldDiffusers),
                (string.Empty, false, sample.DiffusersWeights, Suffixes.OldDiffusers),
            ],
            "diffusers" => [("transformer.", false, sample.DiffusersWeights, Suffixes.Peft)],
            "PEFT" when isLanguageModel => [("base_model.model.", false, sample.OwnWeights, Suffixes.Peft)],
            "PEFT" => [("base_model.model.", false, sample.DiffusersWeights, Suffixes.Peft)],
            "own names" =>
            [
                ("diffusion_model.", false, sample.OwnWeights, Suffixes.Peft),
                ("diffusion_model.", false, sample.OwnWeights, Suffixes.Kohya),
                (string.Empty, false, sample.OwnWeights, Suffixes.Peft),
            ],
            _ => throw new ArgumentOutOfRangeException(nameof(spelling), spelling, "This spelling is not known."),
        };
    }

    private static string WriteAdapter(string path, string prefix, bool isFlat, IReadOnlyList<SampleWeight> weights, Suffixes suffixes)
    {
        const int Rank = 2;
        (string down, string up) = suffixes switch
        {
            Suffixes.Kohya => (SampleLora.DownSuffix, SampleLora.UpSuffix),
            Suffixes.Peft => (".lora_A.weight", ".lora_B.weight"),
            _ => ("_lora.down.weight", "_lora.up.weight"),
        };
        var gaussian = new Gaussian(1);
        var tensors = new List<SampleTensor>();
        foreach (SampleWeight weight in weights)
        {
            string name = prefix + (isFlat ? weight.Name.Replace('.', '_') : weight.Name);
            if (suffixes == Suffixes.OldDiffusers)
            {
                name = name.Replace(".to_", ".processor.to_", StringComparison.Ordinal);
            }

            tensors.Add(SampleTensor.Of(name + down, TensorType.Float32, [Rank, weight.In], gaussian.Numbers(Rank * weight.In)));
            tensors.Add(SampleTensor.Of(name + up, TensorType.Float32, [weight.Out, Rank], gaussian.Numbers(weight.Out * Rank)));
        }

        return SampleFiles.Write(path, tensors);
    }

    private string WriteBase(string family, SampleFamily sample, string container)
    {
        bool isUNet = ArchitectureCatalog.Find(family)!.Denoiser == Component.UNet;
        switch (container)
        {
            case "one file":
                string prefix = family == LanguageModel ? string.Empty : "model.diffusion_model.";
                return WriteTensors(folder.PathOf("base.safetensors"), sample.OwnWeights, prefix);

            case "folder":
                string inner = family == LanguageModel ? "base" : Path.Combine("base", isUNet ? "unet" : "transformer");
                Directory.CreateDirectory(folder.PathOf(inner));
                string name = family == LanguageModel ? "model.safetensors" : "diffusion_pytorch_model.safetensors";
                WriteTensors(folder.PathOf(Path.Combine(inner, name)), sample.DiffusersWeights, string.Empty);
                return folder.PathOf("base");

            default:
                var gguf = new SampleGguf();
                var gaussian = new Gaussian(1);
                foreach (SampleWeight weight in sample.GgufWeights)
                {
                    double[] values = gaussian.Numbers(weight.Out * weight.In);
                    gguf.Of($"{weight.Name}.weight", GgufType.Q8_0, [weight.Out, weight.In], values);
                }

                return gguf.Write(folder.PathOf("base.gguf"));
        }
    }

    private static string WriteTensors(string path, IReadOnlyList<SampleWeight> weights, string prefix)
    {
        var gaussian = new Gaussian(1);
        return SampleFiles.Write(
            path,
            weights.Select(weight =>
                SampleTensor.Of(
                    $"{prefix}{weight.Name}.weight",
                    TensorType.Float16,
                    [weight.Out, weight.In],
                    gaussian.Numbers(weight.Out * weight.In)
                )
            )
        );
    }

    private static string[] ReadmeColumns() => Table("README.md", Heading).First()[1..];

    private static IEnumerable<string[]> ReadmeRows() => Table("README.md", Heading).Skip(2);

    // The cells of a table, its heading and the line below it among them.
    private static IEnumerable<string[]> Table(string document, string heading) =>
        File.ReadAllLines(Path.Combine(Root, document))
            .SkipWhile(line => !line.StartsWith(heading, StringComparison.Ordinal))
            .TakeWhile(static line => line.StartsWith('|'))
            .Select(static line => line.Split('|')[1..^1].Select(static cell => cell.Trim()).ToArray());
}
