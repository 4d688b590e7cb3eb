namespace ResizeLora.KeyLists;

/// <summary>A model that no architecture file knows, whose adapters mirror its names.</summary>
public sealed class UnknownModelTests
{
    private static readonly (string Name, long[] Shape)[] Modules =
    [
        ("stem.patch_proj", [24, 4, 2, 2]),
        ("tower_2.cross_block_10.mix_attn.to_q_1", [24, 24]),
        ("tower_2.cross_block_10.mix_attn.to_q_10", [24, 24]),
        ("tower_2.cross_block_1.mix_attn.to_q_1", [24, 24]),
        ("tower_2.cross_block_1.mix.attn_to_k.0", [40, 24]),
        ("tower_2.cross_block_1.mix.attn_to_k.1", [24, 40]),
        ("tower.2x.gate_a.inner.b_c", [24, 32]),
        ("tower.2x.gate_a.inner.d", [64, 24]),
        ("motion.temporal_3.conv_3d", [24, 24, 3, 1, 1]),
        ("out_head.0.linear_0", [16, 24]),
        ("out_head.0.linear_0_b", [16, 24]),
    ];

    /// <summary>The prefix of the base model's file, and the spelling of the adapter.</summary>
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string prefix in (string[])["", "model.diffusion_model.", "diffusion_model.", "net."])
            {
                foreach (string spelling in (string[])["kohya", "kohya, doubled underscore", "LyCORIS", "ai-toolkit", "PEFT", "diffusers"])
                {
                    cases.Add(prefix, spelling);
                }

                cases.Add(prefix, "bare, default");
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void All_layers_are_resized(string prefix, string spelling)
    {
        using var folder = new TemporaryFolder();
        OwnModule[] modules = [.. Modules.Select(static module => new OwnModule(BaseRoles.Denoiser, module.Name, module.Shape))];
        var family = new Family("an unknown family", Mappings.Mirrored, BaseRoles.T5);
        var model = new OwnModel("Made up", family, prefix, modules, HasOther: false);
        AdapterCheck check = AdapterCheck.Run(AdapterSpelling.Get(spelling).Of(model), model.WriteFiles(folder.PathOf("base")));
        Assert.Equal((modules.Length, modules.Length), (check.LayerCount, check.BasedCount));
    }
}
