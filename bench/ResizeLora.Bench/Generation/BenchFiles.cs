using System.Globalization;

namespace ResizeLora.Bench.Generation;

/// <summary>The files that the workloads use.</summary>
internal sealed class BenchFiles
{
    private const int SmallDivisor = 4;
    private const string SdxlVersion = "sdxl_base_v1-0";

    private readonly SdxlArchitecture sdxl;

    /// <summary>Names the files of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="small">Whether the shapes are a quarter as wide, the ranks a quarter as high, and the files fewer.</param>
    public BenchFiles(string folder, bool small)
    {
        Folder = folder;
        Divisor = small ? SmallDivisor : 1;
        sdxl = new SdxlArchitecture(Divisor);
        HighRank = 128 / Divisor;
        LowRank = 32 / Divisor;
        ExtractedRank = 512 / Divisor;
        ManyRank = LohaRank = 8 / Divisor;
        Checkpoint = PathOf("sdxl-fp16");
        HighRankLora = PathOf($"lora-r{HighRank}");
        LowRankLoras = Numbered($"lora-r{LowRank}", small ? 3 : 10);
        Sdxl = new FileSet(
            [
                SyntheticCheckpoint.File(Checkpoint, sdxl.Tensors, RowFormat.Float16),
                SdxlLora(HighRankLora, HighRank).File,
                .. LowRankLoras.Select(path => SdxlLora(path, LowRank).File),
            ]
        );
        ExtractedLora = PathOf($"extracted-r{ExtractedRank}");
        Extracted = new FileSet((SdxlLora(ExtractedLora, ExtractedRank) with { Alpha = ExtractedRank }).File);
        FluxCheckpoint = PathOf("flux-quarter-bf16");
        FluxLora = PathOf($"flux-r{LowRank}");
        Flux = FluxFiles();
        Sd15Checkpoint = PathOf("sd15-fp16");
        Sd15Loras = Numbered($"sd15-r{ManyRank}", small ? 10 : 100);
        Sd15 = Sd15Files();
        Loha = PathOf($"loha-r{LohaRank}");
        Lokr = PathOf($"lokr-f{LokrFactor}");
        Kinds = new FileSet(
            KindFile(Loha, list => SyntheticKinds.AddLoha(list, sdxl.Layers(), LohaRank)),
            KindFile(Lokr, list => SyntheticKinds.AddLokr(list, sdxl.Layers(), LokrFactor))
        );
    }

    /// <summary>The factor of the LoKr.</summary>
    public static int LokrFactor => 8;

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>What every width is divided by.</summary>
    public int Divisor { get; }

    /// <summary>128, or a quarter of it.</summary>
    public int HighRank { get; }

    /// <summary>32, or a quarter of it.</summary>
    public int LowRank { get; }

    /// <summary>512, or a quarter of it.</summary>
    public int ExtractedRank { get; }

    /// <summary>8, or a quarter of it: the rank of many small LoRAs.</summary>
    public int ManyRank { get; }

    /// <summary>8, or a quarter of it.</summary>
    public int LohaRank { get; }

    /// <summary>SDXL with a LoRA of the high rank and several of the low one; 9.9 GB.</summary>
    public FileSet Sdxl { get; }

    /// <summary>SDXL.</summary>
    public string Checkpoint { get; }

    /// <summary>The LoRA of the high rank.</summary>
    public string HighRankLora { get; }

    /// <summary>Ten LoRAs of the low rank; three where all is small.</summary>
    public IReadOnlyList<string> LowRankLoras { get; }

    /// <summary>A LoRA of SDXL as it is extracted from a fine-tuned model; 3.6 GB.</summary>
    public FileSet Extracted { get; }

    /// <summary>The LoRA in it.</summary>
    public string ExtractedLora { get; }

    /// <summary>A quarter of Flux.1 in bf16, with a LoRA in PEFT's names; 6.3 GB.</summary>
    public FileSet Flux { get; }

    /// <summary>The quarter of Flux.1.</summary>
    public string FluxCheckpoint { get; }

    /// <summary>The LoRA for it.</summary>
    public string FluxLora { get; }

    /// <summary>Stable Diffusion 1.5 with a hundred LoRAs, or ten where all is small; 2.9 GB.</summary>
    public FileSet Sd15 { get; }

    /// <summary>Stable Diffusion 1.5.</summary>
    public string Sd15Checkpoint { get; }

    /// <summary>The LoRAs for it.</summary>
    public IReadOnlyList<string> Sd15Loras { get; }

    /// <summary>A LoHa and a LoKr over all layers of SDXL; 0.2 GB.</summary>
    public FileSet Kinds { get; }

    /// <summary>The LoHa.</summary>
    public string Loha { get; }

    /// <summary>The LoKr.</summary>
    public string Lokr { get; }

    private static BenchFile KindFile(string path, Action<TensorList> describe) =>
        new(
            path,
            () =>
            {
                var list = new TensorList(RowFormat.Float16);
                describe(list);
                return SyntheticFile.Write(path, list.Tensors, new Dictionary<string, string>());
            }
        );

    private FileSet FluxFiles()
    {
        var architecture = new FluxArchitecture(Divisor);
        var lora = new SyntheticLora(FluxLora, LowRank, architecture.LoraLayers) { HasPeftNames = true, Format = RowFormat.BFloat16 };
        return new FileSet(SyntheticCheckpoint.File(FluxCheckpoint, architecture.Tensors, RowFormat.BFloat16), lora.File);
    }

    private FileSet Sd15Files()
    {
        var architecture = new Sd15Architecture(Divisor);
        SyntheticLora LoraOf(string path) => new(path, ManyRank, architecture.LoraLayers) { BaseModelVersion = "sd_v1" };
        return new FileSet(
            [
                SyntheticCheckpoint.File(Sd15Checkpoint, architecture.Tensors, RowFormat.Float16),
                .. Sd15Loras.Select(path => LoraOf(path).File),
            ]
        );
    }

    private SyntheticLora SdxlLora(string path, int rank) => new(path, rank, sdxl.LoraLayers) { BaseModelVersion = SdxlVersion };

    private string[] Numbered(string name, int count) =>
        [.. Enumerable.Range(0, count).Select(number => PathOf(string.Create(CultureInfo.InvariantCulture, $"{name}-{number:00}")))];

    private string PathOf(string name) => Path.Combine(Folder, $"{name}.safetensors");
}
