using ResizeLora.Conversion;
using ResizeLora.Dialects;
using ResizeLora.Tests.Conversion;

namespace ResizeLora.KeyLists;

/// <summary>Every list of an adapter, written with the names of every program and back again.</summary>
public sealed class ConversionListTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The lists of adapters, each with the names of diffusers and one of the others.</summary>
    public static TheoryData<string, LoraNaming> Cases
    {
        get
        {
            var cases = new TheoryData<string, LoraNaming>();
            string[] lists = AdapterLists();
            LoraNaming[] others = [LoraNaming.Kohya, LoraNaming.ComfyUI, LoraNaming.Peft];
            for (int index = 0; index < lists.Length; index++)
            {
                cases.Add(lists[index], LoraNaming.Diffusers);
                cases.Add(lists[index], others[index % others.Length]);
            }

            return cases;
        }
    }

    /// <summary>The lists of adapters.</summary>
    public static TheoryData<string> Lists => [.. AdapterLists()];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_written_means_the_same(string list, LoraNaming naming)
    {
        string source = Write(list);
        if (Rename(source, naming) is not { } renamed)
        {
            return;
        }

        AssertSame(source, renamed.Path, renamed.LeftBehind);
        if (Rename(renamed.Path, naming == LoraNaming.Kohya ? LoraNaming.ComfyUI : LoraNaming.Kohya) is { } returned)
        {
            Assert.Empty(returned.LeftBehind);
            AssertSame(source, returned.Path, renamed.LeftBehind);
        }
    }

    // What ComfyUI cannot name of these lists is listed here, so that nothing else stays behind.
    [Theory]
    [MemberData(nameof(Lists))]
    public void ComfyUI_and_kohya_have_names_for_all_layers(string list)
    {
        Assert.SkipWhen(list.Contains("llama", StringComparison.Ordinal), "A language model has names in PEFT alone.");
        Assert.SkipWhen(list == "invoke_flux_dora_onetrainer", "Magnitudes of the inputs cannot be fused.");
        string source = Write(list);
        foreach (LoraNaming naming in (LoraNaming[])[LoraNaming.Kohya, LoraNaming.ComfyUI])
        {
            IReadOnlyList<string> left = Rename(source, naming)!.LeftBehind;
            Assert.DoesNotContain(left, static name => !name.Contains("norm", StringComparison.Ordinal));
        }
    }

    private static string[] AdapterLists() =>
        SharedLists.Folder is not { } lists
            ? ["none"]
            :
            [
                .. Directory
                    .EnumerateFiles(lists, "*.json")
                    .Select(static path => Path.GetFileNameWithoutExtension(path)!)
                    .Where(static name => !name.StartsWith("base_", StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal),
            ];

    private string Write(string list)
    {
        KeyList read = SharedLists.Get(list);
        return read.Write(folder.PathOf(read.Settings is null ? "in/lora.safetensors" : "in/adapter_model.safetensors"));
    }

    // Null where nothing of the file can be written so.
    private LoraConversion? Rename(string path, LoraNaming naming)
    {
        string name = naming == LoraNaming.Peft ? "adapter_model.safetensors" : "lora.safetensors";
        try
        {
            return ConversionScene.Convert(
                path,
                folder.PathOf($"{Guid.NewGuid():N}/{name}"),
                new ConversionSettings { Naming = naming, SkipsUnsupported = true }
            );
        }
        catch (ConversionException exception) when (exception.Defect == "NotExpressible")
        {
            return null;
        }
    }

    private static void AssertSame(string source, string output, IReadOnlyList<string> leftBehind) =>
        ConversionScene.AssertSameMeaning(source, output, leftBehind, tolerance: 6e-3, every: 11);
}
