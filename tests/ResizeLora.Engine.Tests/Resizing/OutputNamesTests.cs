using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>Outputs are named as the reference program names them.</summary>
public sealed class OutputNamesTests
{
    [Theory]
    [InlineData("spn_ckpt=1,thr=-1.2", -1.2, "lora_spnckpt1_th-1.2.safetensors")]
    [InlineData("spn_ckpt=1,subspace=1,size=32", -0.1085, "lora_spnckpt0.5_subspace0.5_size32_th-0.11.safetensors")]
    [InlineData("subspace=1,spn_lora=1,params=2,fro_lora=4,thr=0", 0, "lora_frolora0.5_params0.25_spnlora0.12_subspace0.12_th0.safetensors")]
    [InlineData("fro_ckpt=1,spn_lora=2,thr=-1", -1, "lora_frockpt0.33_spnlora0.67_th-1.safetensors")]
    [InlineData("spn_lora=1,rescale=1.5,thr=-0.001", -0.001, "lora_spnlora1_scale1.5_th-0.safetensors")]
    [InlineData("spn_lora=1,rescale=0.75,size=0.5", -2.0, "lora_spnlora1_scale0.75_size0.5_th-2.safetensors")]
    [InlineData("spn_lora=1,size=100", double.NegativeInfinity, "lora_spnlora1_size100_th-inf.safetensors")]
    [InlineData("spn_ckpt=1,thr=-1.2,sv_ratio=5,rank=8", -1.2, "lora_spnckpt1_svratio5_rank8_th-1.2.safetensors")]
    [InlineData("spn_lora=1,size=8,rank=8,conv_rank=4", -0.5, "lora_spnlora1_rank8_convrank4_size8_th-0.5.safetensors")]
    public void A_name_holds_the_recipe_in_two_decimals(string recipe, double threshold, string expected) =>
        Assert.Equal(expected, new OutputNames([ResizeRecipe.Parse(recipe)]).NameOf("/some/where/lora.safetensors", 0, threshold));

    [Theory]
    [InlineData("rank=4", "lora_rank4.safetensors")]
    [InlineData("conv_rank=4", "lora_convrank4.safetensors")]
    [InlineData("sv_ratio=11.834,rank=8,conv_rank=4", "lora_svratio11.83_rank8_convrank4.safetensors")]
    [InlineData("sv_fro=0.9,rescale=2", "lora_scale2_svfro0.9.safetensors")]
    [InlineData("sv_cumulative=0.75", "lora_svcumulative0.75.safetensors")]
    [InlineData("sv_ratio=inf", "lora_svratioinf.safetensors")]
    [InlineData("sv_fro=0.9,rank=8,sv_count=old", "lora_svfro0.9_svcountold_rank8.safetensors")]
    [InlineData("sv_fro=0.9,rank=8,sv_count=new", "lora_svfro0.9_rank8.safetensors")]
    public void Where_nothing_is_scored_the_name_has_no_threshold(string recipe, string expected)
    {
        using var folder = new TemporaryFolder();
        var names = new OutputNames([ResizeRecipe.Parse(recipe)]);
        Assert.Equal(expected, names.NameOf("/some/where/lora.safetensors", 0, null));
        Assert.Null(names.FindExisting(folder.Path, "lora.safetensors", 0));
        File.WriteAllText(folder.PathOf(expected), string.Empty);
        Assert.Equal(folder.PathOf(expected), names.FindExisting(folder.Path, "lora.safetensors", 0));
    }

    [Fact]
    public void Dots_in_the_files_name_stay() =>
        Assert.Equal("my.lora.v1.5_spnlora1_th0.safetensors", new OutputNames([ResizeRecipe.Parse("spn_lora,thr=0")]).NameOf("my.lora.v1.5.safetensors", 0, 0));

    [Fact]
    public void Recipes_that_two_decimals_do_not_tell_apart_get_two_names()
    {
        var names = new OutputNames(ResizeRecipe.ParseAll("spn_lora,thr=-1.201:spn_lora,thr=-1.204:spn_lora,thr=-1.204:spn_lora,thr=-1.2"));
        string[] given = [names.NameOf("a", 0, -1.201), names.NameOf("a", 1, -1.204), names.NameOf("a", 2, -1.204), names.NameOf("a", 3, -1.2)];
        Assert.Equal("a_spnlora1_th-1.2.safetensors", given[0]);
        Assert.Equal("a_spnlora1_th-1.204.safetensors", given[1]);
        Assert.Equal(4, given.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Theory]
    [InlineData("spn_lora,thr=-1.2", "lora_spnlora1_th-1.2.safetensors", true)]
    [InlineData("spn_lora,thr=-1.2", "lora_spnlora1_th-1.3.safetensors", false)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-1.37.safetensors", true)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-inf.safetensors", true)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-0.safetensors", true)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th.safetensors", false)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-1.37_spnckpt1_th0.safetensors", false)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size16_th-1.37.safetensors", false)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_rank4_size8_th-1.37.safetensors", false)]
    [InlineData("spn_lora,size=8,rank=4", "lora_spnlora1_rank4_size8_th-1.37.safetensors", true)]
    [InlineData("spn_lora,size=8", "other_spnlora1_size8_th-1.37.safetensors", false)]
    public void An_output_of_an_earlier_run_is_found_by_its_name(string recipe, string existing, bool found)
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf(existing);
        File.WriteAllText(path, string.Empty);
        var names = new OutputNames([ResizeRecipe.Parse(recipe)]);
        Assert.Equal(found ? path : null, names.FindExisting(folder.Path, "/some/where/lora.safetensors", 0));
        Assert.Null(names.FindExisting(folder.PathOf("absent"), "/some/where/lora.safetensors", 0));
    }
}
