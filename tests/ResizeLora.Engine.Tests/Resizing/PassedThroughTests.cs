using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>Nothing is lost quietly.</summary>
public sealed class PassedThroughTests
{
    [Fact]
    public void Tensors_that_are_not_understood_are_copied_to_the_byte_and_named_in_one_warning()
    {
        SampleTensor[] foreign =
        [
            new(
                "bundle_emb.word.string_to_param.*",
                TensorType.Float32,
                [3],
                [.. Enumerable.Range(1, 12).Select(static value => (byte)value)]
            ),
            new("packed", TensorType.Float4, [5, 2], [1, 2, 3, 4, 5]),
            new("flags", TensorType.Bool, [3], [1, 0, 1]),
            new("none", TensorType.Int64, [0], []),
            new("not.a.number", TensorType.Float16, [1], [0, 0x7E]),
            SampleTensor.Scalar("dora.dora_scale", 2),
        ];
        SampleLora lora = ResizeScene.UsualLora().Layer("dora", 6, 5, 2, alpha: 1);
        Array.ForEach(foreign, tensor => lora.Tensor(tensor));
        using var scene = new ResizeScene(lora);
        using Adapter input = scene.OpenInput();
        (_, Adapter output) = scene.Resize("spn_ckpt,thr=-1.2");
        using (output)
        {
            string[] copied = [.. foreign.Select(tensor => tensor.Name), "dora.alpha", "dora.lora_down.weight", "dora.lora_up.weight"];
            AssertCopied(input, output, copied);
            Assert.Equal(
                [
                    $"'{scene.LoraPath}': copied unchanged, since they are not pairs of factors that can be resized: 1 layer: dora (its "
                        + $"magnitudes are F32 [])",
                    $"'{scene.LoraPath}': copied unchanged, since they belong to no layer: 5 tensors: "
                        + $"bundle_emb.word.string_to_param.*, packed, flags and 2 more",
                ],
                scene.Log.Warnings
            );
            string verbose = Assert.Single(scene.Log.Verbose, static line => line.Contains("belong to no layer", StringComparison.Ordinal));
            Assert.EndsWith("bundle_emb.word.string_to_param.*, packed, flags, none, not.a.number", verbose, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Layers_that_are_not_understood_do_not_keep_the_others_from_being_resized()
    {
        SampleTensor Zeros(string name, params long[] shape) =>
            SampleTensor.Of(name, TensorType.Float16, shape, new double[shape.Aggregate(1L, static (product, side) => product * side)]);
        SampleLora lora = ResizeScene
            .UsualLora()
            .Tensor(Zeros("lora_unet_film.lora_down.weight", 2, 4, 3, 3, 3, 3))
            .Tensor(Zeros("lora_unet_film.lora_up.weight", 6, 2, 1, 1, 1, 1))
            .Tensor(Zeros("lora_unet_sound.lora_down.weight", 2))
            .Tensor(Zeros("lora_unet_sound.lora_up.weight", 6, 2))
            .Tensor(Zeros("lora_te1_half.lora_down.weight", 2, 4))
            .Tensor(SampleTensor.Scalar("lora_te1_half.alpha", 2))
            .Tensor(Zeros("lora_te2_other.hada_w1_a", 2, 2))
            .Tensor(Zeros("lora_te2_other.hada_w1_b", 2, 2));
        using var scene = new ResizeScene(lora);
        using Adapter input = scene.OpenInput();
        (ResizePlan plan, Adapter output) = scene.Resize("spn_ckpt,thr=-1.2");
        using (output)
        {
            Assert.Equal(5, plan.Layers.Count);
            Assert.Equal(plan.Measurement.LayersKept, output.Layers.Count);
            AssertCopied(input, output, [.. input.OtherTensors.Select(static tensor => tensor.Name)]);
            string warning = Assert.Single(scene.Log.Warnings);
            Assert.EndsWith(
                ": 4 layers (UNet: 2, TextEncoder1: 1, TextEncoder2: 1): lora_unet_film (lora_down [2, 4, 3, 3, 3, 3], lora_up [6, 2, "
                    + "1, 1, 1, 1]), "
                    + "lora_unet_sound (lora_down [2], lora_up [6, 2]), lora_te1_half (no lora_up) and 1 more",
                warning,
                StringComparison.Ordinal
            );
            Assert.Contains(
                scene.Log.Verbose,
                static line => line.Contains("lora_te2_other (an incomplete LoHa: ", StringComparison.Ordinal)
            );
            scene.Plan("spn_ckpt,thr=-1");
            Assert.Single(scene.Log.Warnings);
        }
    }

    [Fact]
    public void A_thousand_layers_without_a_base_weight_are_counted_and_three_are_named()
    {
        SampleLora lora = ResizeScene.UsualLora();
        for (int index = 0; index < 500; index++)
        {
            lora.Layer(FormattableString.Invariant($"lora_te1_text_model_encoder_layers_{index}_self_attn_q_proj"), 6, 5, 1)
                .Layer(FormattableString.Invariant($"lora_te2_text_model_encoder_layers_{index + 1}_self_attn_q_proj"), 6, 5, 1);
        }

        using var scene = new ResizeScene(lora);
        scene.Plan("spn_ckpt,thr=-1.2");
        string warning = Assert.Single(scene.Log.Warnings);
        Assert.Contains(
            ": 1000 layers (TextEncoder1: 500, TextEncoder2: 500): lora_te1_text_model_encoder_layers_0_",
            warning,
            StringComparison.Ordinal
        );
        Assert.EndsWith(" and 997 more", warning, StringComparison.Ordinal);
        Assert.InRange(warning.Length - scene.LoraPath.Length, 1, 400);
        Assert.Contains(
            scene.Log.Verbose,
            static line => line.Contains("lora_te2_text_model_encoder_layers_500_", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Layers_without_a_base_weight_are_copied_where_the_recipe_needs_one()
    {
        using var scene = new ResizeScene(
            ResizeScene.UsualLora().Layer("lora_unet_unheard_of", 8, 6, 4, alpha: 2).Layer("lora_unet_without_alpha", 8, 6, 4)
        );
        using Adapter input = scene.OpenInput();
        (ResizePlan plan, Adapter output) = scene.Resize("spn_ckpt,thr=-1.2");
        using (output)
        {
            AssertCopied(
                input,
                output,
                [
                    "lora_unet_unheard_of.alpha",
                    "lora_unet_unheard_of.lora_down.weight",
                    "lora_unet_unheard_of.lora_up.weight",
                    "lora_unet_without_alpha.lora_down.weight",
                    "lora_unet_without_alpha.lora_up.weight",
                ]
            );
            Assert.Null(output.File.Find("lora_unet_without_alpha.alpha"));
            Assert.Equal((2, 5), (plan.Measurement.PassedThrough.Count, plan.Layers.Count));
            string warning = Assert.Single(scene.Log.Warnings);
            Assert.Contains("lora_unet_unheard_of", warning, StringComparison.Ordinal);
            Assert.Contains("lora_unet_without_alpha", warning, StringComparison.Ordinal);
        }
    }

    // So it is with conv_in of an inpainting model, which has nine channels.
    [Fact]
    public void A_layer_whose_base_weight_has_another_shape_is_copied_and_the_shape_is_said()
    {
        using var scene = new ResizeScene(
            new SampleLora(7)
                .Layer(ResizeScene.Linear, 41, 32, 8, alpha: 4)
                .Layer(ResizeScene.TextEncoder1, 48, 32, 8)
                .Layer(ResizeScene.Key, 20, 24, 4)
        );
        using Adapter input = scene.OpenInput();
        (ResizePlan plan, Adapter output) = scene.Resize("spn_ckpt,thr=-1.2");
        using (output)
        {
            AssertCopied(input, output, [$"{ResizeScene.Linear}.lora_down.weight", $"{ResizeScene.Linear}.lora_up.weight"]);
            Assert.Equal((1, 2), (plan.Measurement.PassedThrough.Count, plan.Layers.Count));
            string warning = Assert.Single(scene.Log.Warnings);
            Assert.Contains(ResizeScene.Linear, warning, StringComparison.Ordinal);
            Assert.Contains("[40, 32, 1, 1]", warning, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Layers_without_a_base_weight_are_resized_where_the_recipe_needs_none()
    {
        using var scene = new ResizeScene(ResizeScene.UsualLora().Layer("lora_unet_unheard_of", 8, 6, 4, alpha: 2));
        (ResizePlan plan, Adapter output) = scene.Resize("spn_lora,thr=-0.3");
        using (output)
        {
            Assert.Equal((0, 6), (plan.Measurement.PassedThrough.Count, plan.Layers.Count));
            Assert.InRange(output.Layers.Single(layer => layer.Name == "lora_unet_unheard_of").Rank, 1, 3);
            Assert.Empty(scene.Log.Warnings);
        }
    }

    [Theory]
    [InlineData("spn_lora,thr=-inf")]
    [InlineData("spn_ckpt,thr=-10")]
    [InlineData("spn_ckpt,size=1")]
    public void An_all_zero_layer_is_dropped_and_said_so(string recipe)
    {
        var gaussian = new Gaussian(1);
        SampleLora lora = new SampleLora()
            .Layer(ResizeScene.Linear, new double[40 * 4], [40, 4], gaussian.Numbers(4 * 32), [4, 32], alpha: 1)
            .Layer(ResizeScene.TextEncoder1, gaussian.Numbers(48 * 2), [48, 2], gaussian.Numbers(2 * 32), [2, 32], alpha: 0)
            .Layer(ResizeScene.Query, 20, 24, 4, alpha: 1);
        using var scene = new ResizeScene(lora);
        (ResizePlan plan, Adapter output) = scene.Resize(recipe);
        using (output)
        {
            Assert.Equal([ResizeScene.Query], output.Layers.Select(layer => layer.Name));
            Assert.Equal(3, output.File.Header.Tensors.Count);
            Assert.Equal(
                (1, 2, 10, 4),
                (plan.Measurement.LayersKept, plan.Measurement.LayersDropped, plan.Measurement.OldRank, plan.Measurement.NewRank)
            );
            Assert.Equal(0, plan.Measurement.RelativeErrorToLora);
            Assert.Equal(2, scene.Log.Verbose.Count(line => line.Contains("all zero", StringComparison.Ordinal)));
            Assert.Contains(
                scene.Log.Verbose,
                line => line.Contains(ResizeScene.Linear, StringComparison.Ordinal) && line.Contains("all zero", StringComparison.Ordinal)
            );
            Assert.Empty(scene.Log.Warnings);
        }
    }

    [Fact]
    public void Dependent_dimensions_are_dropped_whatever_the_recipe_keeps()
    {
        var gaussian = new Gaussian(3);
        double[] column = gaussian.Numbers(20);
        double[] up = Enumerable.Range(0, 60).Select(index => column[index / 3]).ToArray();
        using var scene = new ResizeScene(new SampleLora().Layer("dependent", up, [20, 3], gaussian.Numbers(30), [3, 10]), withBase: false);
        (_, Adapter output) = scene.Resize("spn_lora,thr=-inf");
        using (output)
        {
            Assert.Equal(1, Assert.Single(output.Layers).Rank);
        }
    }

    [Fact]
    public void A_recipe_that_keeps_nothing_is_refused_and_by_force_writes_a_file_without_layers_and_warns()
    {
        using var scene = new ResizeScene();
        (ResizePlan plan, Adapter output) = scene.Resize("spn_lora,thr=5");
        using (output)
        {
            Assert.Empty(output.File.Header.Tensors);
            Assert.Equal(
                (0, 0, 5, 1.0),
                (
                    plan.Measurement.NewRank,
                    plan.Measurement.LayersKept,
                    plan.Measurement.LayersDropped,
                    plan.Measurement.RelativeErrorToLora
                )
            );
            Assert.Contains("keeps no dimension", Assert.Single(scene.Log.Warnings), StringComparison.Ordinal);
        }

        OutputException exception = Assert.Throws<OutputException>(plan.RequireContent);
        Assert.Equal(("OutputNothingKept", scene.LoraPath), (exception.ErrorId, exception.Path));
        Assert.EndsWith("The highest score is 0.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_that_measures_against_the_base_asks_for_one()
    {
        using var scene = new ResizeScene(withBase: false);
        foreach (string recipe in new[] { "spn_ckpt,thr=0", "fro_ckpt,thr=0", "subspace,thr=0" })
        {
            CheckpointException exception = Assert.Throws<CheckpointException>(() => scene.Plan(recipe));
            Assert.Equal("CheckpointNotGiven", exception.ErrorId);
            Assert.Contains("measures against the base model", exception.Message, StringComparison.Ordinal);
        }
    }

    private static void AssertCopied(Adapter input, Adapter output, IEnumerable<string> names) =>
        Assert.All(
            names,
            name =>
            {
                TensorEntry before = input.File.Find(name)!;
                TensorEntry after = output.File.Find(name)!;
                Assert.Equal((before.Type, before.ShapeText), (after.Type, after.ShapeText));
                Assert.Equal(input.File.Read(before), output.File.Read(after));
            }
        );
}
