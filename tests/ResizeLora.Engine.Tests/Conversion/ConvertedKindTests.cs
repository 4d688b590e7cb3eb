using ResizeLora.Adapters;
using ResizeLora.Conversion;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Conversion;

/// <summary>Kinds other than LoRA: renamed as they are, or written as pairs of factors.</summary>
public sealed class ConvertedKindTests : IDisposable
{
    private const string Fused = "lora_unet_double_blocks_0_img_attn_qkv";
    private const string Plain = "lora_unet_double_blocks_0_img_mlp_0";
    private const int Width = 8;

    private readonly TemporaryFolder folder = new();
    private readonly Gaussian gaussian = new(1);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("LoHa")]
    [InlineData("LoKr")]
    [InlineData("core")]
    public void A_layer_of_another_kind_becomes_a_pair_of_factors(string kind)
    {
        string path = Write(kind, Plain, 4 * Width);
        LoraConversion result = Convert(path, new ConversionSettings { ToPairs = true });
        Assert.Contains($"{Plain}.lora_down.weight", ConversionScene.NamesIn(result.Path));
        using (Adapter adapter = Adapter.Open(result.Path))
        {
            Assert.All(adapter.Layers, static layer => Assert.True(layer.IsPlainPair));
        }

        ConversionScene.AssertSameMeaning(path, result.Path);
    }

    [Theory]
    [InlineData("LoHa", ".hada_w1_a")]
    [InlineData("LoKr", ".lokr_w2_a")]
    [InlineData("core", ".lora_mid.weight")]
    public void Its_tensors_keep_their_bytes_under_new_names(string kind, string suffix)
    {
        string path = Write(kind, Plain, 4 * Width);
        string comfy = Rename(path, LoraNaming.ComfyUI);
        Assert.Contains($"diffusion_model.double_blocks.0.img_mlp.0{suffix}", ConversionScene.NamesIn(comfy));
        Assert.Equal(ConversionScene.BytesIn(path), ConversionScene.BytesIn(Rename(comfy, LoraNaming.Kohya)));
    }

    [Theory]
    [InlineData("LoHa")]
    [InlineData("LoKr")]
    public void Diffusers_reads_pairs_alone(string kind)
    {
        string path = Write(kind, Fused, 3 * Width);
        ConversionException refused = Assert.Throws<ConversionException>(() => Rename(path, LoraNaming.Diffusers));
        Assert.Contains(kind, refused.Message, StringComparison.Ordinal);
        LoraConversion result = Convert(path, new ConversionSettings { Naming = LoraNaming.Diffusers, ToPairs = true });
        Assert.Equal(AdapterKind.LoRA, result.Kind);
        Assert.Contains("transformer.transformer_blocks.0.attn.to_k.lora_B.weight", ConversionScene.NamesIn(result.Path));
        ConversionScene.AssertSameMeaning(path, result.Path, tolerance: 1e-5);
    }

    [Fact]
    public void Magnitudes_are_divided_with_the_rows_and_keep_their_bytes()
    {
        string path = Write("DoRA", Fused, 3 * Width);
        string diffusers = Rename(path, LoraNaming.Diffusers);
        using (var file = SafetensorsFile.Open(diffusers))
        {
            Assert.Equal([Width], file.Find("transformer.transformer_blocks.0.attn.to_v.lora_magnitude_vector")!.Shape);
        }

        Assert.Equal(ConversionScene.BytesIn(path), ConversionScene.BytesIn(Rename(diffusers, LoraNaming.Kohya)));
    }

    [Fact]
    public void Magnitudes_have_the_names_of_each_program_also_where_a_trainer_calls_them_magnitude()
    {
        string path = Write("magnitude", Plain, 4 * Width);
        using (Adapter adapter = Adapter.Open(path))
        {
            Assert.Equal(AdapterKind.DoRA, adapter.Layers.Single(static layer => layer.Name == Plain).AdapterKind);
        }

        const string Block = "transformer_blocks.0.ff.net.0.proj";
        string peft = Rename(path, LoraNaming.Peft);
        string comfy = Rename(peft, LoraNaming.ComfyUI);
        Assert.Contains($"base_model.model.{Block}.lora_magnitude_vector", ConversionScene.NamesIn(peft));
        using var before = SafetensorsFile.Open(path);
        using var after = SafetensorsFile.Open(comfy);
        Assert.Equal(
            before.Read(before.Find($"{Plain}.magnitude")!),
            after.Read(after.Find("diffusion_model.double_blocks.0.img_mlp.0.dora_scale")!)
        );
    }

    [Fact]
    public void Magnitudes_of_the_inputs_stay_behind_where_nothing_reads_them()
    {
        string path = Write("inputs", Plain, 4 * Width);
        Assert.Throws<ConversionException>(() => Rename(path, LoraNaming.Peft));
        Assert.Contains("diffusion_model.double_blocks.0.img_mlp.0.dora_scale", ConversionScene.NamesIn(Rename(path, LoraNaming.ComfyUI)));
    }

    [Fact]
    public void The_type_of_a_layers_factors_changes_in_its_kind()
    {
        LoraConversion result = Convert(Write("LoHa", Plain, 4 * Width), new ConversionSettings { Type = OutputType.Float16 });
        using var file = SafetensorsFile.Open(result.Path);
        Assert.Equal(TensorType.Float16, file.Find($"{Plain}.hada_w1_a")!.Type);
        Assert.Equal(TensorType.Float32, file.Find($"{Plain}.alpha")!.Type);
    }

    [Theory]
    [InlineData(".a1.weight [8,2]; .a2.weight [2,8]; .b1.weight [32,2]; .b2.weight [2,8]", true)]
    [InlineData(".diff [32,8]", true)]
    [InlineData(".w_norm [32]; .b_norm [32]", true)]
    [InlineData(".weight [32]; .on_input []", false)]
    [InlineData(".oft_blocks [4,8,8]", false)]
    public void Kinds_that_are_no_pairs_have_names_in_kohya_and_ComfyUI_and_those_with_factors_a_type(string parts, bool hasType)
    {
        var lora = new SampleLora().Layer("lora_unet_single_blocks_0_linear2", Width, 5 * Width, 2, alpha: 2);
        (string Suffix, long[] Shape)[] tensors =
        [
            .. parts
                .Split("; ")
                .Select(static part => part.Split(' '))
                .Select(static part =>
                    (part[0], (long[])[.. part[1].Trim('[', ']').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)])
                ),
        ];
        foreach ((string suffix, long[] shape) in tensors)
        {
            int count = (int)shape.Aggregate(1L, static (all, side) => all * side);
            lora.Tensor(SampleTensor.Of(Plain + suffix, TensorType.Float32, shape, gaussian.Numbers(count)));
        }

        string path = lora.Write(folder.PathOf("kind.safetensors"));
        string comfy = Rename(path, LoraNaming.ComfyUI);
        string[] names = ConversionScene.NamesIn(comfy);
        Assert.All(tensors, tensor => Assert.Contains($"diffusion_model.double_blocks.0.img_mlp.0{tensor.Suffix}", names));
        Assert.Equal(ConversionScene.BytesIn(path), ConversionScene.BytesIn(Rename(comfy, LoraNaming.Kohya)));
        Assert.Throws<ConversionException>(() => Rename(path, LoraNaming.Peft));
        using var cast = SafetensorsFile.Open(Convert(path, new ConversionSettings { Type = OutputType.Float16 }).Path);
        Assert.All(
            tensors,
            tensor => Assert.Equal(hasType ? TensorType.Float16 : TensorType.Float32, cast.Find(Plain + tensor.Suffix)!.Type)
        );
    }

    [Fact]
    public void Whoever_makes_a_file_larger_hears_of_it()
    {
        var log = new EventLog();
        ConversionScene.Convert(
            Write("LoHa", Plain, 4 * Width),
            folder.PathOf("out/lora.safetensors"),
            new ConversionSettings { ToPairs = true, Type = OutputType.Float32 },
            log
        );
        Assert.Contains(log.Warnings, static text => text.Contains("times as large", StringComparison.Ordinal));
    }

    private LoraConversion Convert(string path, ConversionSettings settings) =>
        ConversionScene.Convert(path, folder.PathOf($"{Guid.NewGuid():N}/lora.safetensors"), settings);

    private string Rename(string path, LoraNaming naming) => ConversionScene.Rename(path, folder.PathOf($"{Guid.NewGuid():N}"), naming);

    private string Write(string kind, string layer, int rows)
    {
        var lora = new SampleLora().Layer("lora_unet_single_blocks_0_linear2", Width, 5 * Width, 2, alpha: 2);
        SampleTensor Random(string suffix, params long[] shape) =>
            SampleTensor.Of(
                layer + suffix,
                TensorType.Float32,
                shape,
                gaussian.Numbers((int)shape.Aggregate(1L, (all, side) => all * side))
            );
        SampleTensor[] tensors = kind switch
        {
            "LoHa" =>
            [
                Random(".hada_w1_a", rows, 2),
                Random(".hada_w1_b", 2, Width),
                Random(".hada_w2_a", rows, 2),
                Random(".hada_w2_b", 2, Width),
            ],
            "LoKr" => [Random(".lokr_w1", 4, 4), Random(".lokr_w2_a", rows / 4, 1), Random(".lokr_w2_b", 1, Width / 4)],
            "core" =>
            [
                Random(".lora_up.weight", rows, 2, 1, 1),
                Random(".lora_down.weight", 2, Width, 1, 1),
                Random(".lora_mid.weight", 2, 2, 3, 3),
            ],
            _ =>
            [
                Random(".lora_up.weight", rows, 2),
                Random(".lora_down.weight", 2, Width),
                kind switch
                {
                    "DoRA" => Random(".dora_scale", rows, 1),
                    "magnitude" => Random(".magnitude", rows),
                    _ => Random(".dora_scale", 1, Width),
                },
            ],
        };
        Array.ForEach(tensors, tensor => lora.Tensor(tensor));
        return lora.Tensor(SampleTensor.Scalar($"{layer}.alpha", 2)).Write(folder.PathOf($"{Guid.NewGuid():N}.safetensors"));
    }
}
