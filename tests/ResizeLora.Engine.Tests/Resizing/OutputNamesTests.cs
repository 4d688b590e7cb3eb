using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>Outputs are named as the reference program names them.</summary>
public sealed class OutputNamesTests : IDisposable
{
    private readonly PlacementScene scene = new();

    public void Dispose() => scene.Dispose();

    [Theory]
    [InlineData("spn_ckpt=1,thr=-1.2", -1.2, "lora_spnckpt1_th-1.2.safetensors")]
    [InlineData("spn_ckpt=1,subspace=1,size=32", -0.1085, "lora_spnckpt0.5_subspace0.5_size32_th-0.11.safetensors")]
    [InlineData(
        "subspace=1,spn_lora=1,params=2,fro_lora=4,thr=0",
        0,
        "lora_frolora0.5_params0.25_spnlora0.12_subspace0.12_th0.safetensors"
    )]
    [InlineData("fro_ckpt=1,spn_lora=2,thr=-1", -1, "lora_frockpt0.33_spnlora0.67_th-1.safetensors")]
    [InlineData("spn_lora=1,rescale=1.5,thr=-0.001", -0.001, "lora_spnlora1_scale1.5_th-0.safetensors")]
    [InlineData("spn_lora=1,rescale=0.75,size=0.5", -2.0, "lora_spnlora1_scale0.75_size0.5_th-2.safetensors")]
    [InlineData("spn_lora=1,size=100", double.NegativeInfinity, "lora_spnlora1_size100_th-inf.safetensors")]
    [InlineData("spn_ckpt=1,thr=-1.2,sv_ratio=5,rank=8", -1.2, "lora_spnckpt1_svratio5_rank8_th-1.2.safetensors")]
    [InlineData("spn_lora=1,size=8,rank=8,conv_rank=4", -0.5, "lora_spnlora1_rank8_convrank4_size8_th-0.5.safetensors")]
    [InlineData("size=32", -2.5, "lora_size32_th-2.5.safetensors")]
    [InlineData("retain=0.98", -1.234, "lora_retain0.98_th-1.23.safetensors")]
    [InlineData("spn_lora=1,loss=0.05,keep=0.25,size=8,sv_knee", -1, "lora_spnlora1_svknee_loss0.05_keep0.25_size8_th-1.safetensors")]
    [InlineData(
        "retain=1,sv_fro=0.9,rank=8,conv_rank=4",
        double.NegativeInfinity,
        "lora_svfro0.9_rank8_convrank4_retain1_th-inf.safetensors"
    )]
    public void A_name_holds_the_recipe_in_two_decimals(string recipe, double threshold, string expected) =>
        Assert.Equal(expected, OutputNames.Of(scene.Making(recipe), threshold)[0]);

    [Theory]
    [InlineData("rank=4", "lora_rank4.safetensors")]
    [InlineData("conv_rank=4", "lora_convrank4.safetensors")]
    [InlineData("sv_ratio=11.834,rank=8,conv_rank=4", "lora_svratio11.83_rank8_convrank4.safetensors")]
    [InlineData("sv_fro=0.9,rescale=2", "lora_scale2_svfro0.9.safetensors")]
    [InlineData("sv_cumulative=0.75", "lora_svcumulative0.75.safetensors")]
    [InlineData("sv_ratio=inf", "lora_svratioinf.safetensors")]
    [InlineData("sv_knee", "lora_svknee.safetensors")]
    [InlineData("sv_knee,rank=8", "lora_svknee_rank8.safetensors")]
    [InlineData("sv_fro=0.9,rank=8,sv_count=old", "lora_svfro0.9_svcountold_rank8.safetensors")]
    [InlineData("sv_fro=0.9,rank=8,sv_count=new", "lora_svfro0.9_rank8.safetensors")]
    public void Where_nothing_is_scored_the_name_has_no_threshold(string recipe, string expected) =>
        Assert.Equal(expected, OutputNames.Of(scene.Making(recipe), null)[0]);

    [Fact]
    public void Dots_in_the_files_name_stay() =>
        Assert.Equal(
            "my.lora.v1.5_spnlora1_th0.safetensors",
            OutputNames.Of(scene.Making("spn_lora,thr=0", "my.lora.v1.5.safetensors"), 0)[0]
        );

    [Theory]
    [InlineData(-1.204, TensorType.Float16, "th-1.2|th-1.204|th-1.204_f16")]
    [InlineData(-1.2, TensorType.BFloat16, "th-1.2|th-1.2_bf16")]
    public void Where_a_name_is_taken_all_digits_follow_then_the_type_and_then_a_count(double threshold, TensorType type, string ends)
    {
        OutputMaking making = scene.Making(FormattableString.Invariant($"spn_lora,thr={threshold}"), type: type);
        string[] names = [.. ends.Split('|').Select(static end => "lora_spnlora1_" + end)];
        Assert.Equal(names.Select(static name => name + ".safetensors"), OutputNames.Of(making, threshold));
        Assert.Equal([names[^1] + "_2.safetensors", names[^1] + "_3.safetensors"], OutputNames.Counted(making, threshold).Take(2));
    }

    [Theory]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-1.37.safetensors", true)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-inf.safetensors", true)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-0.safetensors", true)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-1.3712345_f16_2.safetensors", true)]
    [InlineData("spn_lora,size=8.125", "lora_spnlora1_size8.125_th-1.37.safetensors", true)]
    [InlineData("spn_lora,size=8.125", "lora_spnlora1_size8.12_th-1.37.safetensors", true)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-1.37_bf16.safetensors", false)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th.safetensors", false)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size8_th-1.37_spnckpt1_th0.safetensors", false)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_size16_th-1.37.safetensors", false)]
    [InlineData("spn_lora,size=8", "lora_spnlora1_rank4_size8_th-1.37.safetensors", false)]
    [InlineData("spn_lora,size=8,rank=4", "lora_spnlora1_rank4_size8_th-1.37.safetensors", true)]
    [InlineData("retain=0.98", "lora_retain0.98_th-1.37.safetensors", true)]
    [InlineData("retain=0.9876,rank=8", "lora_rank8_retain0.9876_th-1.37123.safetensors", true)]
    [InlineData("loss=0.05", "lora_loss0.05_th-inf.safetensors", true)]
    [InlineData("keep=0.25", "lora_keep0.25_th-1.37.safetensors", true)]
    [InlineData("keep=0.25", "lora_keep0.25_size8_th-1.37.safetensors", false)]
    [InlineData("spn_lora,size=8", "other_spnlora1_size8_th-1.37.safetensors", false)]
    public void An_output_of_a_size_is_known_by_its_name_whatever_its_threshold(string recipe, string name, bool known) =>
        Assert.Equal(known, OutputNames.MayBe(name, scene.Making(recipe)));
}
