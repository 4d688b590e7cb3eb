using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Kinds;

/// <summary>What has no low-rank form is copied byte for byte, whatever becomes of the layers beside it.</summary>
public sealed class KeptTensorTests
{
    /// <summary>A kind, and the endings and shapes of what one layer of it has.</summary>
    public static TheoryData<string, string> Kept =>
        new()
        {
            { "IA3 of LyCORIS", ".weight [12]; .on_input []" },
            { "IA3 of LyCORIS on a convolution", ".weight [1,12,1,1]; .on_input []" },
            { "IA3 of PEFT", ".ia3_l [12,1]" },
            { "diagonal OFT", ".oft_blocks [3,4,4]; .alpha []" },
            { "diagonal OFT with rescale", ".oft_blocks [3,4,4]; .rescale [12,1]; .alpha []" },
            { "BOFT", ".oft_blocks [2,3,4,4]; .alpha []" },
            { "OFT of PEFT", ".oft_R.weight [3,6]" },
            { "norms", ".w_norm [12]; .b_norm [12]" },
            { "a difference of a norm", ".diff [12]; .diff_b [12]" },
            { "a value that is set", ".set_weight [12]" },
            { "a modulation", ".diff_m [1,6,12]" },
            { "half a pair", ".lora_down.weight [4,12]" },
            { "half a LoHa", ".hada_w1_a [12,2]; .hada_w1_b [2,12]; .hada_w2_a [12,2]" },
            { "half a LoKr", ".lokr_w1 [3,3]; .alpha []" },
            { "a LoKr whose second half lacks a factor", ".lokr_w1 [3,3]; .lokr_w2_a [4,2]" },
            { "a LoHa of one core", ".hada_w1_a [2,12]; .hada_w1_b [2,12]; .hada_w2_a [2,12]; .hada_w2_b [2,12]; .hada_t1 [2,2,3,3]" },
            { "a LoHa of other shapes", ".hada_w1_a [12,2]; .hada_w1_b [2,12]; .hada_w2_a [12,2]; .hada_w2_b [2,11]" },
            { "a GLoRA without its base model", ".a1.weight [12,2]; .a2.weight [2,12]; .b1.weight [12,2]; .b2.weight [2,12]" },
            { "half an embedding", ".lora_embedding_A [4,12]" },
        };

    [Theory]
    [MemberData(nameof(Kept))]
    public void It_is_copied_byte_for_byte(string kind, string parts)
    {
        var gaussian = new Gaussian(kind.Length);
        SampleTensor[] kept =
        [
            .. parts
                .Split("; ")
                .Select(part =>
                {
                    string[] words = part.Split(' ');
                    long[] shape = [.. words[1].Trim('[', ']').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];
                    int count = (int)shape.Aggregate(1L, static (product, side) => product * side);
                    TensorType type = words[0] == ".on_input" ? TensorType.Int64 : TensorType.Float16;
                    return SampleTensor.Of($"lora_unet_kept{words[0]}", type, shape, gaussian.Numbers(count));
                }),
        ];
        AssertCopied([.. kept, .. Sound(gaussian, "lora_unet_sound")], kept);
    }

    [Fact]
    public void What_stands_beside_a_layer_is_copied_with_it()
    {
        var gaussian = new Gaussian(51);
        const string Layer = "lora_unet_layer";
        SampleTensor[] beside =
        [
            SampleTensor.Of($"{Layer}.diff_b", TensorType.Float16, [6], gaussian.Numbers(6)),
            SampleTensor.Of("bundle_emb.token.clip_l", TensorType.Float16, [2, 12], gaussian.Numbers(24)),
            SampleTensor.Of("bundle_emb.token.string_to_param.*", TensorType.Float32, [2, 12], gaussian.Numbers(24)),
            SampleTensor.Of("emb_params", TensorType.Float32, [2, 12], gaussian.Numbers(24)),
            SampleTensor.Of("_aux.step", TensorType.Int64, [], [12]),
            SampleTensor.Of("base_model.model.lm_head.weight", TensorType.BFloat16, [7, 5], gaussian.Numbers(35)),
        ];
        AssertCopied([.. beside, .. Sound(gaussian, Layer)], beside);
    }

    private static SampleTensor[] Sound(Gaussian gaussian, string layer) =>
        [
            SampleTensor.Of($"{layer}.lora_down.weight", TensorType.Float32, [3, 5], gaussian.Numbers(15)),
            SampleTensor.Of($"{layer}.lora_up.weight", TensorType.Float32, [6, 3], gaussian.Numbers(18)),
            SampleTensor.Scalar($"{layer}.alpha", 2),
        ];

    private static void AssertCopied(SampleTensor[] tensors, SampleTensor[] kept)
    {
        using var scene = new KindScene(tensors);
        Assert.Single(scene.Job.Layers);
        foreach (OutputKind kind in Enum.GetValues<OutputKind>())
        {
            using KindOutput output = scene.Resize("rank=1", kind);
            foreach (SampleTensor tensor in kept)
            {
                TensorEntry? entry = output.File.Find(tensor.Name);
                Assert.True(entry is not null, $"{tensor.Name} is gone.");
                Assert.Equal(tensor.Type, entry.Type);
                Assert.Equal<long>(tensor.Shape, entry.Shape);
                Assert.Equal(tensor.Bytes, output.Read(tensor.Name));
            }
        }
    }
}
