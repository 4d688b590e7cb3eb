using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Resizing;

namespace ResizeLora.KeyLists;

/// <summary>An adapter of one family with a base model of another is an error that names both.</summary>
/// <param name="models">The base models.</param>
public sealed class WrongPairTests(OwnBaseModels models)
{
    private static readonly string[] Families =
    [
        "SD 1.5",
        "SD 2.1",
        "SDXL",
        "Flux.1",
        "Chroma",
        "Flux.2",
        "SD 3",
        "Qwen-Image",
        "Z-Image",
        "Lumina 2",
        "Wan",
        "HunyuanVideo",
        "LTX-Video",
    ];

    /// <summary>The adapter's spelling and its family.</summary>
    public static TheoryData<string, string> Adapters
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string family in Families)
            {
                foreach (string spelling in (string[])["kohya", "kohya, diffusers' names", "diffusers", "ai-toolkit", "PEFT"])
                {
                    if (AdapterSpelling.Get(spelling).Suits(OwnModels.Get(family)))
                    {
                        cases.Add(spelling, family);
                    }
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void A_wrong_base_model_is_an_error_that_names_both(string spelling, string family)
    {
        using var folder = new TemporaryFolder();
        OwnModel own = OwnModels.Get(family);
        string path = AdapterSpelling.Get(spelling).Of(own, hasEncoders: false).Write(folder.PathOf("lora.safetensors"));
        var wrong = new List<string>();
        foreach (OwnModel other in Families.Select(OwnModels.Get).Where(other => other != own))
        {
            using var adapter = Adapter.Open(path);
            using ResizeSession session = models.Get(other.Name, isFolder: false).Open();
            CheckpointException? error = session.MismatchOf(adapter);
            bool mayShare = (family, other.Name) is ("Flux.1", "Chroma") or ("Chroma", "Flux.1");
            if (mayShare)
            {
                continue;
            }

            if (error is null || error.Defect != "Mismatch" || !Names(error.Message, other.Family) || !Names(error.Message, own.Family))
            {
                wrong.Add($"{other.Name}: {error?.Message.Replace(folder.Path, string.Empty, StringComparison.Ordinal) ?? "no error"}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    private static bool Names(string message, Family family) =>
        message.Contains(family.Name, StringComparison.Ordinal)
        || (family.Name is "SD 1.x" or "SD 2.x" && message.Contains("SD 1.x or 2.x", StringComparison.Ordinal));
}
