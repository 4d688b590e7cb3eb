using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Adapters;

/// <summary>Several files taken as one: the product of the merged factors is the weighted sum of theirs.</summary>
public sealed class MergedLoraTests : IDisposable
{
    private const string Linear = "lora_unet_input_blocks_4_1_proj_in";
    private const string LinearOfDiffusers = "lora_unet_down_blocks_1_attentions_0_proj_in";
    private const string Convolution = "lora_unet_input_blocks_1_0_in_layers_2";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(TensorType.Float16, TensorType.Float16, 0.7, 0.3)]
    [InlineData(TensorType.Float16, TensorType.Float16, 0.5, 2)]
    [InlineData(TensorType.Float16, TensorType.BFloat16, 1, 1)]
    [InlineData(TensorType.Float32, TensorType.Float16, -0.4, 1.1)]
    [InlineData(TensorType.Float64, TensorType.BFloat16, 0.1, -3)]
    [InlineData(TensorType.Float8E4M3, TensorType.Float16, 0.6, 1)]
    public void The_merged_product_is_the_weighted_sum(TensorType left, TensorType right, double leftWeight, double rightWeight)
    {
        string a = new SampleLora(1)
            .Layer(Linear, 40, 32, 6, alpha: 2, left)
            .Layer(Convolution, 12, 8, 3, alpha: 1, left, kernel: 3)
            .Layer("lora_unet_only_a", 8, 9, 2, alpha: null, left)
            .Write(folder.PathOf("a.safetensors"));
        string b = new SampleLora(2)
            .Layer(Convolution, 12, 8, 5, alpha: -5, right, kernel: 3)
            .Layer(LinearOfDiffusers, 40, 32, 4, alpha: 4, right)
            .Layer("lora_unet_only_b", 7, 5, 2, alpha: 3, right)
            .Write(folder.PathOf("b.safetensors"));
        var merge = MergedLora.Create([(a, leftWeight), (b, rightWeight)]);
        Assert.Equal(
            [(LinearOfDiffusers, 10), (Convolution, 8), ("lora_unet_only_a", 2), ("lora_unet_only_b", 2)],
            merge.Layers.Select(static layer => (layer.Layer, layer.Rank))
        );

        using Adapter merged = merge.Open();
        using Adapter first = Adapter.Open(a);
        using Adapter second = Adapter.Open(b);
        foreach (AdapterLayer layer in merged.Layers)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor expected = zeros([layer.OutFeatures, layer.InFeatures], ScalarType.Float64);
            foreach ((Adapter adapter, double weight) in new[] { (first, leftWeight), (second, rightWeight) })
            {
                foreach (AdapterLayer part in adapter.Layers.Where(part => part.Key == layer.Key))
                {
                    expected = expected.add(WrittenLayer.Delta(adapter.File, part).mul(weight));
                }
            }

            Assert.InRange(WrittenLayer.Norm(WrittenLayer.Delta(merged.File, layer).sub(expected)), 0, 1e-14 * WrittenLayer.Norm(expected));
        }
    }

    [Fact]
    public void Scales_that_need_no_rounding_keep_short_types()
    {
        string a = new SampleLora(1).Layer(Linear, 40, 32, 6, alpha: 6, TensorType.Float16).Write(folder.PathOf("a.safetensors"));
        TensorType UpOf(double left, double right)
        {
            using Adapter merged = MergedLora.Create([(a, left), (a, right)]).Open();
            Assert.Equal(TensorType.Float16, merged.Layers[0].Down.Type);
            return merged.Layers[0].Up.Type;
        }

        Assert.Equal((TensorType.Float16, TensorType.Float32, TensorType.Float64), (UpOf(0.7, 0.7), UpOf(0.5, -2), UpOf(0.7, 0.3)));
    }

    [Fact]
    public void Any_piece_of_a_factor_is_that_piece_of_the_whole()
    {
        string a = new SampleLora(1).Layer(Linear, 40, 32, 6, alpha: 2, TensorType.Float16).Write(folder.PathOf("a.safetensors"));
        string b = new SampleLora(2).Layer(Linear, 40, 32, 3, alpha: 2).Write(folder.PathOf("b.safetensors"));
        using Adapter merged = MergedLora.Create([(a, 0.7), (b, 0.3)]).Open();
        foreach (TensorEntry tensor in merged.File.Header.Tensors)
        {
            byte[] whole = merged.File.Read(tensor);
            for (int start = 0; start < whole.Length; start += 37)
            {
                byte[] piece = new byte[Math.Min(whole.Length - start, 113)];
                merged.File.Read(tensor, piece, start);
                Assert.Equal(whole.AsSpan(start, piece.Length).ToArray(), piece);
            }
        }
    }

    [Fact]
    public void A_resized_merge_is_the_weighted_sum_even_where_the_ranks_exceed_the_layer()
    {
        string a = new SampleLora(1)
            .Layer(Linear, 12, 10, 8, alpha: 4)
            .Metadata("ss_tag_frequency", "{}")
            .Write(folder.PathOf("a.safetensors"));
        string b = new SampleLora(2).Layer(Linear, 12, 10, 8, alpha: 8).Write(folder.PathOf("b.safetensors"));
        using var session = new ResizeSession("cpu", checkpointPath: null, new NormCache(folder.PathOf("cache")));
        using var job = ResizeJob.Decompose(session, MergedLora.Create([(a, 0.7), (b, -0.3)]).Open(), null, CancellationToken.None);
        ResizePlan plan = job.Plan(
            ResizeRecipe.Parse("spn_lora=1,thr=-9"),
            TensorType.Float32,
            OutputKind.Smallest,
            null,
            CancellationToken.None
        );
        Assert.Equal((16, 10), (plan.Measurement.OldRank, plan.Measurement.NewRank));
        job.Write(plan, folder.PathOf("out.safetensors"), false, null, CancellationToken.None);

        using Adapter first = Adapter.Open(a);
        using Adapter second = Adapter.Open(b);
        using Adapter output = Adapter.Open(folder.PathOf("out.safetensors"));
        using DisposeScope scope = NewDisposeScope();
        Tensor expected = WrittenLayer
            .Delta(first.File, first.Layers[0])
            .mul(0.7)
            .sub(WrittenLayer.Delta(second.File, second.Layers[0]).mul(0.3));
        Assert.InRange(
            WrittenLayer.Norm(WrittenLayer.Delta(output.File, output.Layers[0]).sub(expected)),
            0,
            1e-5 * WrittenLayer.Norm(expected)
        );
        Assert.Contains("\"file\":\"a.safetensors\",\"weight\":0.7", output.Metadata["merge_params"], StringComparison.Ordinal);
        Assert.Contains("merged from a.safetensors:0.7", output.Metadata["ss_training_comment"], StringComparison.Ordinal);
        Assert.Equal("{}", output.Metadata["ss_tag_frequency"]);
        Assert.Throws<OutputException>(() => job.Write(plan, b, true, null, CancellationToken.None));
    }

    [Fact]
    public void A_weight_of_zero_leaves_the_file_out()
    {
        string a = new SampleLora(1).Layer(Linear, 12, 10, 3).Write(folder.PathOf("a.safetensors"));
        string b = new SampleLora(2).Layer(Linear, 12, 10, 4).Layer("lora_unet_other", 5, 5, 2).Write(folder.PathOf("b.safetensors"));
        Assert.Equal([(Linear, 3)], MergedLora.Create([(a, 1), (b, 0)]).Layers.Select(static layer => (layer.Layer, layer.Rank)));
        Assert.Equal("MergeEmpty", Assert.Throws<MergeException>(() => MergedLora.Create([(a, 0), (b, 0)])).ErrorId);
        Assert.Equal("MergeWeight", Assert.Throws<MergeException>(() => MergedLora.Create([(a, double.NaN)])).ErrorId);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 3)]
    [InlineData(1, 1)]
    public void Kernels_of_other_shapes_are_not_merged(int height, int width)
    {
        string Kernel(string name, int high, int wide) =>
            new SampleLora()
                .Layer(
                    Linear,
                    new Gaussian(1).Numbers(8 * 2),
                    [8, 2, 1, 1],
                    new Gaussian(2).Numbers(2 * 4 * high * wide),
                    [2, 4, high, wide]
                )
                .Write(folder.PathOf($"{name}.safetensors"));
        string tall = Kernel("tall", 3, 1);
        string other = Kernel("other", height, width);
        Assert.Equal("MergeShape", Assert.Throws<MergeException>(() => MergedLora.Create([(tall, 1), (other, 1)])).ErrorId);
        Assert.Equal(4, MergedLora.Create([(tall, 1), (Kernel("same", 3, 1), 1)]).Layers.Single().Rank);
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        string a = new SampleLora(1).Layer(Linear, 12, 10, 3).Write(folder.PathOf("a.safetensors"));
        string b = new SampleLora(2).Layer(LinearOfDiffusers, 12, 11, 3).Write(folder.PathOf("b.safetensors"));
        MergeException shape = Assert.Throws<MergeException>(() => MergedLora.Create([(a, 1), (b, 1)]));
        Assert.Equal("MergeShape", shape.ErrorId);
        Assert.Contains(LinearOfDiffusers, shape.Message, StringComparison.Ordinal);
        Assert.Contains(b, shape.Message, StringComparison.Ordinal);
        string dora = new SampleLora(3)
            .Layer(Linear, 12, 10, 3)
            .Layer("x", 4, 4, 2)
            .Tensor(SampleTensor.Scalar("x.dora_scale", 1))
            .Write(folder.PathOf("dora.safetensors"));
        Assert.Equal("MergeUnsupported", Assert.Throws<MergeException>(() => MergedLora.Create([(a, 1), (dora, 1)])).ErrorId);
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(4, 3)]
    public void A_file_that_changed_since_is_not_mixed_in_though_it_kept_its_time(int alpha, int seed)
    {
        string a = new SampleLora(3).Layer(Linear, 12, 10, 3, alpha: 3).Write(folder.PathOf("a.safetensors"));
        var merge = MergedLora.Create([(a, 1)]);
        DateTime time = File.GetLastWriteTimeUtc(a);
        new SampleLora(seed).Layer(Linear, 12, 10, 3, alpha: alpha).Write(a);
        File.SetLastWriteTimeUtc(a, time);
        Assert.Equal("MergeStale", Assert.Throws<MergeException>(merge.Open).ErrorId);
        using FileStream closed = File.Open(a, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Fact]
    public void A_merge_is_written_of_what_was_decomposed_or_not_at_all()
    {
        string a = new SampleLora(1).Layer(Linear, 640, 512, 16, alpha: 3).Write(folder.PathOf("a.safetensors"));
        string b = new SampleLora(2).Layer(Linear, 640, 512, 8, alpha: 3).Write(folder.PathOf("b.safetensors"));
        var merge = MergedLora.Create([(a, 0.7), (b, 0.3)]);
        using var session = new ResizeSession("cpu", checkpointPath: null, new NormCache(folder.PathOf("cache")));
        LayerSpectrum[] layers;
        using (Adapter opened = merge.Open())
        {
            layers = session.Decompose(opened, opened.Layers, null, CancellationToken.None).ToArray();
        }

        // One bit in a place that no sample looks at.
        DateTime time = File.GetLastWriteTimeUtc(b);
        byte[] bytes = File.ReadAllBytes(b);
        bytes[^5000] ^= 1;
        File.WriteAllBytes(b, bytes);
        File.SetLastWriteTimeUtc(b, time);
        using var job = ResizeJob.Adopt(session, merge.Open(), layers, null, CancellationToken.None);
        ResizePlan plan = job.Plan(
            ResizeRecipe.Parse("spn_lora,thr=-9"),
            TensorType.Float16,
            OutputKind.Smallest,
            null,
            CancellationToken.None
        );
        string output = folder.PathOf("out.safetensors");
        AdapterException exception = Assert.Throws<AdapterException>(() => job.Write(plan, output, false, null, CancellationToken.None));
        Assert.Equal("LayerStale", exception.ErrorId);
        Assert.Equal([a, b], Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_that_was_only_touched_is_the_same()
    {
        string a = new SampleLora(1).Layer(Linear, 12, 10, 3).Write(folder.PathOf("a.safetensors"));
        var merge = MergedLora.Create([(a, 1)]);
        File.SetLastWriteTimeUtc(a, DateTime.UtcNow.AddHours(1));
        using Adapter opened = merge.Open();
        Assert.Single(opened.Layers);
    }

    [Theory]
    [InlineData("down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q", "input_blocks_4_1_transformer_blocks_0_attn1_to_q")]
    [InlineData("down_blocks_0_resnets_1_conv_shortcut", "input_blocks_2_0_skip_connection")]
    [InlineData("down_blocks_1_downsamplers_0_conv", "input_blocks_6_0_op")]
    [InlineData("mid_block_attentions_0_proj_out", "middle_block_1_proj_out")]
    [InlineData("mid_block_resnets_1_time_emb_proj", "middle_block_2_emb_layers_1")]
    [InlineData("up_blocks_1_resnets_2_conv1", "output_blocks_5_0_in_layers_2")]
    [InlineData("up_blocks_0_upsamplers_0_conv", "output_blocks_2_2_conv")]
    [InlineData("conv_in", "input_blocks_0_0")]
    public void Two_spellings_of_one_layer_are_merged_into_one_whichever_comes_first(string diffusers, string stability)
    {
        string Write(string name, string layer, string onlyInSdxl) =>
            new SampleLora().Layer(layer, 8, 6, 2).Layer(onlyInSdxl, 8, 6, 2).Write(folder.PathOf(name));
        string a = Write("a.safetensors", $"unet.{diffusers}", "unet.down_blocks.2.attentions.0.transformer_blocks.9.attn1.to_q");
        string b = Write("b.safetensors", $"lora_unet_{stability}", "lora_unet_input_blocks_7_1_transformer_blocks_9_attn1_to_q");
        using Adapter merged = MergedLora.Create([(a, 1), (b, 1)]).Open();
        using Adapter swapped = MergedLora.Create([(b, 1), (a, 1)]).Open();
        Assert.Equal([4, 4], merged.Layers.Select(static layer => layer.Rank));
        Assert.Equal(
            merged.Layers.Select(static layer => layer.Key).OrderBy(static key => key.Path),
            swapped.Layers.Select(static layer => layer.Key).OrderBy(static key => key.Path)
        );
    }

    [Fact]
    public void A_name_says_files_and_weights_and_is_never_too_long()
    {
        string a = new SampleLora(1).Layer(Linear, 12, 10, 3).Write(folder.PathOf("a.safetensors"));
        Assert.Equal("a+a@0.3", MergedLora.Create([(a, 1), (a, 0.3)]).Name);
        Assert.Equal("mine", MergedLora.Create([(a, 1), (a, 0.3)], "mine").Name);
        Assert.InRange(MergedLora.Create(Enumerable.Repeat((a, 0.123456789), 30).ToArray()).Name.Length, 10, 120);
    }
}
