using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>Where outputs go: nothing is replaced, no two meet, and a later run finds each by what it was made from.</summary>
public sealed class OutputPlacementTests : IDisposable
{
    private const string Recipe = "spn_lora,thr=-1.2";
    private const string BaseRecipe = "spn_ckpt,thr=-1.2";

    private readonly PlacementScene scene = new();

    private string Out => scene.PathOf("out");

    public void Dispose() => scene.Dispose();

    [Fact]
    public void An_output_is_found_again_by_a_later_run_and_is_not_written_twice()
    {
        OutputMaking making = scene.Making(Recipe);
        Assert.Null(new OutputPlacement(Out).FindExisting(making));
        string path = PlacementScene.Write(new OutputPlacement(Out), making);
        Assert.Equal(Path.Combine(Out, "lora_spnlora1_th-1.2.safetensors"), path);
        Assert.Equal(path, new OutputPlacement(Out).FindExisting(making));
        Assert.Equal("Exists", Assert.Throws<OutputException>(() => new OutputPlacement(Out).Place(making, -1.2, overwrite: false)).Defect);
        Assert.Equal(path, new OutputPlacement(Out).Place(making, -1.2, overwrite: true));
    }

    [Theory]
    [InlineData("spn_lora,thr=-1.204", TensorType.Float16, "lora_spnlora1_th-1.204")]
    [InlineData(Recipe, TensorType.BFloat16, "lora_spnlora1_th-1.2_bf16")]
    public void An_output_made_otherwise_gets_another_name_even_with_permission_to_overwrite(string recipe, TensorType type, string name)
    {
        string first = PlacementScene.Write(new OutputPlacement(Out), scene.Making(Recipe));
        OutputMaking other = scene.Making(recipe, type: type);
        Assert.Null(new OutputPlacement(Out).FindExisting(other));
        string second = PlacementScene.Write(new OutputPlacement(Out), other, overwrite: true);
        Assert.Equal(Path.Combine(Out, name + ".safetensors"), second);
        Assert.Equal(second, new OutputPlacement(Out).FindExisting(other));
        Assert.Equal(first, new OutputPlacement(Out).FindExisting(scene.Making(Recipe)));
    }

    [Fact]
    public void An_output_of_some_of_the_layers_is_another_one()
    {
        PlacementScene.Write(new OutputPlacement(Out), scene.Making(Recipe));
        OutputMaking part = scene.Making(Recipe, layers: PlacementScene.Layer);
        Assert.Null(new OutputPlacement(Out).FindExisting(part));
        Assert.Equal("lora_spnlora1_th-1.2_f16.safetensors", Path.GetFileName(PlacementScene.Write(new OutputPlacement(Out), part)));
    }

    [Fact]
    public void An_output_against_another_base_model_is_another_one_and_a_copy_of_the_base_model_is_the_same()
    {
        string Base(string name, double value)
        {
            const string Weight = "model.diffusion_model.input_blocks.4.1.proj_in.weight";
            IEnumerable<double> numbers = Enumerable.Repeat(value, 12 * 10);
            return SampleFiles.Write(scene.PathOf(name), [SampleTensor.Of(Weight, TensorType.Float32, [12, 10], numbers)]);
        }

        string path = PlacementScene.Write(new OutputPlacement(Out), scene.Making(BaseRecipe, checkpoint: Base("one.safetensors", 1)));
        Assert.Equal(path, new OutputPlacement(Out).FindExisting(scene.Making(BaseRecipe, checkpoint: Base("copy.safetensors", 1))));
        Assert.Null(new OutputPlacement(Out).FindExisting(scene.Making(BaseRecipe, checkpoint: Base("two.safetensors", 9))));

        // A recipe that does not ask for the base model gives the same output with and without one.
        string own = PlacementScene.Write(new OutputPlacement(Out), scene.Making(Recipe));
        Assert.Equal(own, new OutputPlacement(Out).FindExisting(scene.Making(Recipe, checkpoint: scene.PathOf("two.safetensors"))));
    }

    [Fact]
    public void An_output_of_an_earlier_content_of_the_file_is_not_the_output()
    {
        string path = PlacementScene.Write(new OutputPlacement(folder: null), scene.Making(Recipe));
        scene.Close();
        scene.Lora("lora.safetensors", seed: 2);
        OutputMaking now = scene.Making(Recipe);
        Assert.Null(new OutputPlacement(folder: null).FindExisting(now));
        Assert.NotEqual(path, new OutputPlacement(folder: null).Place(now, -1.2, overwrite: false));
        Assert.Equal(path, new OutputPlacement(folder: null).Place(now, -1.2, overwrite: true));
    }

    [Theory]
    [InlineData("{\"recipe_str\":\"spn_lora=1,thr=-1.2\"}", true)]
    [InlineData("{\"recipe_str\":\"spn_lora=2,thr=-1.20\"}", true)]
    [InlineData("{\"recipe_str\":\"spn_lora=1,thr=-1.204\"}", false)]
    [InlineData("{\"recipe_str\":\"no recipe\"}", false)]
    [InlineData("not JSON", true)]
    public void What_an_output_of_an_earlier_version_does_not_say_counts_as_the_same(string parameters, bool same)
    {
        string path = WriteOld(TensorType.Float16, parameters);
        Assert.Equal(same ? path : null, new OutputPlacement(Out).FindExisting(scene.Making(Recipe)));
    }

    [Theory]
    [InlineData("\"sv_count\":\"new\"", true)]
    [InlineData("\"sv_count\":\"old\"", false)]
    [InlineData("\"tool\":\"ResizeLora 0.1.0\"", false)]
    public void An_output_that_counted_in_the_old_way_is_another_one(string entry, bool same)
    {
        string old = WriteOld(TensorType.Float16, $"{{\"recipe_str\":\"sv_ratio=5\",{entry}}}");
        string path = Path.Combine(Out, "lora_svratio5.safetensors");
        File.Move(old, path);
        Assert.Equal(same ? path : null, new OutputPlacement(Out).FindExisting(scene.Making("sv_ratio=5")));
    }

    [Fact]
    public void The_type_of_an_output_that_does_not_say_it_is_that_of_its_factors()
    {
        string path = WriteOld(TensorType.BFloat16, "{\"recipe_str\":\"spn_lora=1,thr=-1.2\"}");
        Assert.Equal(path, new OutputPlacement(Out).FindExisting(scene.Making(Recipe, type: TensorType.BFloat16)));
        Assert.Null(new OutputPlacement(Out).FindExisting(scene.Making(Recipe)));
    }

    [Fact]
    public void Sources_of_one_name_go_to_subfolders_of_their_folders_names_and_are_found_in_any_order()
    {
        string[] names = ["a/x.safetensors", "b/x.safetensors", "c/b/x.safetensors"];
        for (int index = 0; index < names.Length; index++)
        {
            scene.Lora(names[index], seed: index + 1);
        }

        var placement = new OutputPlacement(Out);
        string[] paths = [.. names.Select(name => PlacementScene.Write(placement, scene.Making(Recipe, name)))];
        string[] expected = ["x_spnlora1_th-1.2.safetensors", "b/x_spnlora1_th-1.2.safetensors", "c/b/x_spnlora1_th-1.2.safetensors"];
        Assert.Equal(expected.Select(name => Path.GetFullPath(name, Out)), paths);
        foreach (
            int[] order in (int[][])
                [
                    [0, 1, 2],
                    [2, 1, 0],
                    [1, 2, 0],
                ]
        )
        {
            var later = new OutputPlacement(Out);
            Assert.All(order, index => Assert.Equal(paths[index], later.FindExisting(scene.Making(Recipe, names[index]))));
        }
    }

    [Fact]
    public void Copies_of_one_file_in_two_folders_have_an_output_each()
    {
        var placement = new OutputPlacement(Out);
        string[] names = ["a/x.safetensors", "b/x.safetensors"];
        string[] paths = [.. names.Select(name => PlacementScene.Write(placement, scene.Making(Recipe, name)))];
        Assert.Equal(2, paths.Distinct(StringComparer.Ordinal).Count());
        var later = new OutputPlacement(Out);
        Assert.Equal(paths[0], later.FindExisting(scene.Making(Recipe, names[0])));
        Assert.Equal(paths[1], later.FindExisting(scene.Making(Recipe, names[1])));
    }

    [UnixFact]
    public void Sources_that_differ_only_in_case_have_an_output_each()
    {
        if (File.Exists(scene.Lora("x.safetensors", 1).Replace("x.", "X.", StringComparison.Ordinal)))
        {
            Assert.Skip("this file system does not tell case apart");
        }

        scene.Lora("X.safetensors", 2);
        var placement = new OutputPlacement(Out);
        PlacementScene.Write(placement, scene.Making(Recipe, "x.safetensors"));
        PlacementScene.Write(placement, scene.Making(Recipe, "X.safetensors"));
        string[] expected = ["X_spnlora1_th-1.2.safetensors", "x_spnlora1_th-1.2.safetensors"];
        Assert.Equal(expected.Select(name => Path.Combine(Out, name)), Directory.GetFiles(Out).Order(StringComparer.Ordinal));
    }

    [UnixFact]
    public void Two_outputs_that_would_meet_through_a_link_do_not_even_with_permission_to_overwrite()
    {
        Directory.CreateDirectory(scene.PathOf("real"));
        Directory.CreateSymbolicLink(scene.PathOf("alias"), scene.PathOf("real"));
        var placement = new OutputPlacement(folder: null);
        string first = PlacementScene.Write(placement, scene.Making(Recipe, "real/lora.safetensors"), overwrite: true);
        string second = PlacementScene.Write(placement, scene.Making(Recipe, "alias/lora.safetensors"), overwrite: true);
        Assert.NotEqual(Path.GetFileName(first), Path.GetFileName(second));
        Assert.Equal(3, Directory.GetFiles(scene.PathOf("real")).Length);
    }

    [Fact]
    public void A_folder_that_was_only_looked_into_is_cleaned_once()
    {
        OutputMaking making = scene.Making(Recipe);
        PlacementScene.Write(new OutputPlacement(Out), making);
        string left = Path.Combine(Out, TemporaryFile.NameOf(TemporaryFile.Machine, int.MaxValue, DateTime.UtcNow));
        File.WriteAllText(left, "half");
        var placement = new OutputPlacement(Out);
        Assert.NotNull(placement.FindExisting(making));
        var log = new EventLog();
        placement.RemoveLeftovers(log);
        Assert.False(File.Exists(left));
        Assert.Single(log.Verbose);
        File.WriteAllText(left, "half");
        placement.FindExisting(making);
        placement.RemoveLeftovers(log);
        Assert.True(File.Exists(left));
    }

    // An output that says nothing but its resize_params.
    private string WriteOld(TensorType type, string parameters)
    {
        Directory.CreateDirectory(Out);
        return SampleFiles.Write(
            Path.Combine(Out, "lora_spnlora1_th-1.2.safetensors"),
            [SampleTensor.Of("x.lora_up.weight", type, [1, 1], [1])],
            new Dictionary<string, string> { ["resize_params"] = parameters }
        );
    }
}
