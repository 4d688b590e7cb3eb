using ResizeLora.Adapters;
using ResizeLora.Dialects;

namespace ResizeLora.Tests.Dialects;

/// <summary>PEFT's settings say the scale of layers that have no alpha.</summary>
public sealed class PeftSettingsTests : IDisposable
{
    private const string Module = "model.layers.3.self_attn.q_proj";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""{"r": 8, "lora_alpha": 16}""", 8, 2.0)]
    [InlineData("""{"r": 8, "lora_alpha": 16}""", 4, 4.0)]
    [InlineData("""{"r": 16, "lora_alpha": 8, "use_rslora": true}""", 16, 2.0)]
    [InlineData("""{"r": 16, "lora_alpha": 8, "use_rslora": false}""", 16, 0.5)]
    [InlineData("""{"r": 8}""", 8, null)]
    [InlineData("""{"r": 8, "lora_alpha": "16"}""", 8, null)]
    [InlineData("""{"r": 8, "lora_alpha": 1e999}""", 8, null)]
    public void The_scale_is_alpha_by_the_rank_or_by_its_root(string text, int rank, double? scale) =>
        Assert.Equal(scale, PeftSettings.Parse(text, string.Empty)!.ScaleOf(Module, rank));

    [Theory]
    [InlineData("model.layers.3.self_attn.q_proj", 2.0)]
    [InlineData("q_proj", 2.0)]
    [InlineData("self_attn.q_proj", 2.0)]
    [InlineData("attn.q_proj", 1.0)]
    [InlineData("roj", 1.0)]
    [InlineData("k_proj", 1.0)]
    [InlineData("model.layers.3", 1.0)]
    [InlineData(@"layers\\.[0-4]\\.self_attn\\.q_proj", 2.0)]
    [InlineData(@".*\\.q_proj", 2.0)]
    [InlineData("(q|k)_proj", 2.0)]
    [InlineData("^model.*q_proj", 2.0)]
    [InlineData(@"layers\\.[4-9]\\.self_attn\\.q_proj", 1.0)]
    [InlineData("(unclosed", 1.0)]
    [InlineData("(?=q)q_proj", 1.0)]
    public void A_pattern_is_a_name_its_end_or_an_expression(string key, double scale) =>
        Assert.Equal(
            scale,
            PeftSettings.Parse($$"""{"r": 8, "lora_alpha": 8, "alpha_pattern": {"{{key}}": 16} }""", string.Empty)!.ScaleOf(Module, 8)
        );

    [Fact]
    public void Settings_of_a_component_are_its_own()
    {
        const string Text = """{"unet.r": 8, "unet.lora_alpha": 4, "unet.alpha_pattern": {"q_proj": 32}, "text_encoder.lora_alpha": 8}""";
        Assert.Equal(4, PeftSettings.Parse(Text, "unet")!.ScaleOf(Module, 8));
        Assert.Equal(0.5, PeftSettings.Parse(Text, "unet")!.ScaleOf("other", 8));
        Assert.Equal(1, PeftSettings.Parse(Text, "text_encoder")!.ScaleOf(Module, 8));
        Assert.Null(PeftSettings.Parse(Text, "transformer"));
        Assert.Null(PeftSettings.Parse(Text, string.Empty));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("[1, 2]")]
    [InlineData("{}")]
    [InlineData("{\"r\": 8")]
    [InlineData("{\"lora_alpha\": 8, \"alpha_pattern\": {\"\\ud800\": 3}}")]
    public void A_text_that_is_no_settings_says_nothing(string text) => Assert.Null(PeftSettings.Parse(text, string.Empty));

    [Theory]
    [InlineData("[1]")]
    [InlineData("{\"q_proj\": \"high\"}")]
    [InlineData("{\"q_proj\": {\"deep\": 1}}")]
    [InlineData("\"q_proj\"")]
    [InlineData("null")]
    public void A_pattern_that_is_none_is_left_out(string pattern) =>
        Assert.Equal(2, PeftSettings.Parse($$"""{"lora_alpha": 16, "alpha_pattern": {{pattern}} }""", string.Empty)!.ScaleOf(Module, 8));

    [Fact]
    public void Hostile_settings_cost_no_time_and_no_memory()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Null(PeftSettings.Parse(new string('[', 100_000), string.Empty));
        Assert.Null(PeftSettings.Parse(new string(' ', 20_000_000), string.Empty));
        PeftSettings settings = PeftSettings.Parse("""{"lora_alpha": 8, "alpha_pattern": {"(a+)+(a+)+b": 4}}""", string.Empty)!;
        Assert.Equal(1, settings.ScaleOf(new string('a', 5_000), 8));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void The_settings_beside_a_PEFT_file_are_read_and_those_beside_another_file_are_not()
    {
        File.WriteAllText(folder.PathOf("adapter_config.json"), """{"r": 4, "lora_alpha": 16}""");
        SampleLora lora = new SampleLora().Layer("base_model.model.model.layers.0.self_attn.q_proj", 8, 6, 4);
        using var adapter = Adapter.Open(lora.Write(folder.PathOf("adapter_model.safetensors")));
        using var other = Adapter.Open(lora.Write(folder.PathOf("lora.safetensors")));
        Assert.Equal((4.0, 1.0), (adapter.Layers[0].Scale, other.Layers[0].Scale));
    }

    [Fact]
    public void The_settings_in_the_header_are_read_for_each_component()
    {
        SampleLora lora = new SampleLora()
            .Layer("unet.mid_block.attentions.0.proj_in", 8, 6, 4)
            .Layer("text_encoder.text_model.encoder.layers.0.mlp.fc1", 8, 6, 4)
            .Layer("text_encoder_2.text_model.encoder.layers.0.mlp.fc1", 8, 6, 4)
            .Metadata(PeftSettings.MetadataKey, """{"unet.r": 4, "unet.lora_alpha": 2, "text_encoder.lora_alpha": 8}""");
        using var adapter = Adapter.Open(lora.Write(folder.PathOf("lora.safetensors")));
        Assert.Equal([0.5, 2, 1], adapter.Layers.Select(static layer => layer.Scale));
    }

    [Fact]
    public void The_alpha_in_the_file_counts_more_than_settings()
    {
        File.WriteAllText(folder.PathOf("adapter_config.json"), """{"r": 4, "lora_alpha": 16}""");
        SampleLora lora = new SampleLora().Layer("base_model.model.x", 8, 6, 4, alpha: 2);
        using var adapter = Adapter.Open(lora.Write(folder.PathOf("adapter_model.safetensors")));
        Assert.Equal(0.5, adapter.Layers[0].Scale);
    }
}
