using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Resizing;
using ResizeLora.Safetensors;

namespace ResizeLora.Tests.Resizing;

/// <summary>Nothing is lost quietly.</summary>
public sealed class PassedThroughTests
{
    [Fact]
    public void Tensors_that_are_not_understood_are_copied_to_the_byte_and_named_in_one_warning()
    {
        SampleTensor[] foreign =
        [
            new("bundle_emb.word.string_to_param.*", TensorType.Float32, [3], [.. Enumerable.Range(1, 12).Select(static value => (byte)value)]),
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
            string warning = Assert.Single(scene.Log.Warnings);
            Assert.All(copied.Append(scene.LoraPath), name => Assert.Contains(name, warning, StringComparison.Ordinal));
            Assert.DoesNotContain(ResizeScene.Linear, warning, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Layers_without_a_base_weight_are_copied_where_the_recipe_needs_one()
    {
        using var scene = new ResizeScene(ResizeScene.UsualLora().Layer("lora_unet_unheard_of", 8, 6, 4, alpha: 2).Layer("lora_unet_without_alpha", 8, 6, 4));
        using Adapter input = scene.OpenInput();
        (ResizePlan plan, Adapter output) = scene.Resize("spn_ckpt,thr=-1.2");
        using (output)
        {
            AssertCopied(input, output, ["lora_unet_unheard_of.alpha", "lora_unet_unheard_of.lora_down.weight", "lora_unet_unheard_of.lora_up.weight", "lora_unet_without_alpha.lora_down.weight", "lora_unet_without_alpha.lora_up.weight"]);
            Assert.Null(output.File.Find("lora_unet_without_alpha.alpha"));
            Assert.Equal((2, 5), (plan.PassedThrough.Count, plan.Layers.Count));
            string warning = Assert.Single(scene.Log.Warnings);
            Assert.Contains("lora_unet_unheard_of", warning, StringComparison.Ordinal);
            Assert.Contains("lora_unet_without_alpha", warning, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Layers_without_a_base_weight_are_resized_where_the_recipe_needs_none()
    {
        using var scene = new ResizeScene(ResizeScene.UsualLora().Layer("lora_unet_unheard_of", 8, 6, 4, alpha: 2));
        (ResizePlan plan, Adapter output) = scene.Resize("spn_lora,thr=-0.3");
        using (output)
        {
            Assert.Equal((0, 6), (plan.PassedThrough.Count, plan.Layers.Count));
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
            Assert.Equal((1, 2, 10, 4), (plan.LayersKept, plan.LayersDropped, plan.OldRank, plan.NewRank));
            Assert.Equal(0, plan.RelativeErrorToLora);
            Assert.Equal(2, scene.Log.Verbose.Count(line => line.Contains("all zero", StringComparison.Ordinal)));
            Assert.Contains(scene.Log.Verbose, line => line.Contains(ResizeScene.Linear, StringComparison.Ordinal) && line.Contains("all zero", StringComparison.Ordinal));
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
    public void A_recipe_that_keeps_nothing_writes_a_file_without_layers_and_warns()
    {
        using var scene = new ResizeScene();
        (ResizePlan plan, Adapter output) = scene.Resize("spn_lora,thr=5");
        using (output)
        {
            Assert.Empty(output.File.Header.Tensors);
            Assert.Equal((0, 0, 5, 1.0), (plan.NewRank, plan.LayersKept, plan.LayersDropped, plan.RelativeErrorToLora));
            Assert.Contains("keeps no dimension", Assert.Single(scene.Log.Warnings), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_recipe_that_measures_against_the_base_asks_for_one()
    {
        using var scene = new ResizeScene(withBase: false);
        foreach (string recipe in new[] { "spn_ckpt,thr=0", "fro_ckpt,thr=0", "subspace,thr=0" })
        {
            CheckpointException exception = Assert.Throws<CheckpointException>(() => scene.Plan(recipe));
            Assert.Equal("CheckpointNotGiven", exception.ErrorId);
            Assert.Contains("-Checkpoint", exception.Message, StringComparison.Ordinal);
        }
    }

    private static void AssertCopied(Adapter input, Adapter output, IEnumerable<string> names) => Assert.All(names, name =>
    {
        TensorEntry before = input.File.Find(name)!;
        TensorEntry after = output.File.Find(name)!;
        Assert.Equal((before.Type, before.ShapeText), (after.Type, after.ShapeText));
        Assert.Equal(input.File.Read(before), output.File.Read(after));
    });
}
