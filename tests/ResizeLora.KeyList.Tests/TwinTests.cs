using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Comparison;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using TorchSharp;

namespace ResizeLora.KeyLists;

/// <summary>One LoRA in two spellings is one LoRA: the same ranks, norms and ΔW, no distance between them, and one merge.</summary>
/// <param name="models">The base models.</param>
public sealed class TwinTests(OwnBaseModels models)
{
    private const double Rounding = 2e-6;
    private const string Kohya = "kohya";
    private const string KohyaOther = "kohya, diffusers' names";

    /// <summary>The model and two spellings of the same modules.</summary>
    public static TheoryData<string, string, string> Twins
    {
        get
        {
            var cases = new TheoryData<string, string, string>();
            foreach (OwnModel model in OwnModels.All.Where(static model => model.Name is not ("Llama" or "HunyuanVideo ComfyUI")))
            {
                foreach (bool isOther in (bool[])[false, true])
                {
                    AdapterSpelling[] group =
                    [
                        .. AdapterSpelling
                            .All.Where(spelling => (model.HasOther ? spelling.IsOther == isOther : isOther) && spelling.Suits(model))
                            .Where(static spelling => spelling.Name is not ("attn_procs" or "XLabs" or "OneTrainer, parts")),
                    ];
                    foreach (AdapterSpelling spelling in group.Skip(1))
                    {
                        cases.Add(model.Name, group[0].Name, spelling.Name);
                    }
                }
            }

            return cases;
        }
    }

    /// <summary>
    /// The models in which diffusers has other names, most of them for parts of fused weights, with the spellings on both sides.
    /// </summary>
    public static TheoryData<string, string, string> FusedTwins =>
        new()
        {
            { "Flux.1", Kohya, KohyaOther },
            { "Flux.1", "ai-toolkit", "diffusers" },
            { "Flux.1", Kohya, "OneTrainer" },
            { "Chroma", Kohya, "PEFT" },
            { "Flux.2", "ai-toolkit", "diffusers" },
            { "SD 3", Kohya, "diffusers" },
            { "Z-Image", "kohya, doubled underscore", "ai-toolkit, diffusers' names" },
            { "Lumina 2", Kohya, "diffusers" },
            { "HunyuanVideo", Kohya, "diffusers" },
            { "Wan", Kohya, "diffusers" },
            { "LTX-Video", Kohya, "diffusers" },
            { "SDXL", Kohya, "diffusers" },
        };

    [Theory]
    [MemberData(nameof(Twins))]
    public void Two_spellings_give_the_same(string model, string first, string second)
    {
        OwnModel own = OwnModels.Get(model);
        bool hasEncoders = AdapterSpelling.Get(first).Encoders.Length > 0 && AdapterSpelling.Get(second).Encoders.Length > 0;
        AssertTwins(
            own,
            AdapterSpelling.Get(first).Of(own, isFolded: true, hasEncoders: hasEncoders),
            AdapterSpelling.Get(second).Of(own, isFolded: true, hasEncoders: hasEncoders)
        );
    }

    [Theory]
    [MemberData(nameof(FusedTwins))]
    public void A_block_diagonal_adapter_of_a_fused_weight_is_the_split_one(string model, string fused, string split)
    {
        OwnModel own = OwnModels.Get(model);
        KeyList parts = AdapterSpelling.Get(split).Of(own, isFolded: true, hasEncoders: false);
        parts = parts with { Tensors = [.. parts.Tensors.Where(static tensor => !NameOfSwapped(tensor.Name))] };
        AssertTwins(own, Fuse(own, AdapterSpelling.Get(fused)), parts);
    }

    [Theory]
    [InlineData("Flux.1", 0)]
    [InlineData("Flux.1", 1)]
    [InlineData("Flux.1", 2)]
    [InlineData("Z-Image", 2)]
    [InlineData("Lumina 2", 0)]
    public void An_adapter_of_a_fused_weight_of_which_one_part_is_left_is_that_part(string model, int part)
    {
        OwnModel own = OwnModels.Get(model);
        HashSet<string> gone =
        [
            .. own
                .Modules.Select(module => own.Family.Mapping.OtherSpelling(module.Name))
                .Where(static names => names.Count > 1)
                .SelectMany(names => names.Where((_, index) => index != part).Select(static name => $"transformer.{name.Name}.lora_")),
        ];
        KeyList parts = AdapterSpelling.Get("diffusers").Of(own, isFolded: true, hasEncoders: false);
        parts = parts with
        {
            Tensors = [.. parts.Tensors.Where(tensor => !NameOfSwapped(tensor.Name) && !gone.Any(tensor.Name.StartsWith))],
        };
        AssertTwins(own, Fuse(own, AdapterSpelling.Get(Kohya), part), parts);
    }

    [Theory]
    [InlineData(8, false)]
    [InlineData(4, true)]
    public void The_settings_of_peft_are_alpha(double alpha, bool isStable)
    {
        OwnModel own = OwnModels.Get("SDXL");
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $$$"""
            {"unet.r": 4, "unet.lora_alpha": {{{alpha}}}, "unet.use_rslora": {{{(isStable ? "true" : "false")}}},
             "unet.rank_pattern": {}, "unet.alpha_pattern": {"mid_block.attentions.0.proj_in": 3, "conv_in": 5},
             "text_encoder.r": 4, "text_encoder.lora_alpha": 6, "text_encoder.use_rslora": false}
            """
        );
        KeyList peft = AdapterSpelling.Get("diffusers").Of(own) with
        {
            Metadata = new Dictionary<string, string> { ["format"] = "pt", ["lora_adapter_metadata"] = text },
        };
        KeyList kohya = AdapterSpelling.Get(KohyaOther).Of(own);
        kohya = kohya with { Tensors = [.. kohya.Tensors.Select(Alpha)] };
        AssertTwins(own, kohya, peft);

        ListedTensor Alpha(ListedTensor tensor)
        {
            if (!tensor.Name.EndsWith(".alpha", StringComparison.Ordinal))
            {
                return tensor;
            }

            string layer = tensor.Name[..^".alpha".Length];
            double rank = kohya.Tensors.Single(other => other.Name == $"{layer}.lora_down.weight").Shape[0];
            double value = layer switch
            {
                "lora_unet_mid_block_attentions_0_proj_in" => 3,
                "lora_unet_conv_in" => 5,
                _ when layer.StartsWith("lora_te1_", StringComparison.Ordinal) => 6,

                // Of the second text encoder the settings say nothing.
                _ when layer.StartsWith("lora_te2_", StringComparison.Ordinal) => rank,
                _ => alpha,
            };
            return tensor with
            {
                Given = [isStable && layer.StartsWith("lora_unet_", StringComparison.Ordinal) ? value * Math.Sqrt(rank) : value],
            };
        }
    }

    [Theory]
    [InlineData("Flux.1", Kohya, "ai-toolkit")]
    [InlineData("Flux.1", KohyaOther, "diffusers")]
    [InlineData("SDXL", KohyaOther, "diffusers")]
    [InlineData("SDXL", Kohya, "ai-toolkit")]
    [InlineData("SDXL", Kohya, KohyaOther)]
    [InlineData("SDXL", Kohya, "diffusers")]
    [InlineData("SD 1.5", KohyaOther, "diffusers")]
    [InlineData("SD 3", KohyaOther, "diffusers")]
    [InlineData("Qwen-Image", Kohya, "bare, default")]
    [InlineData("Z-Image", "kohya, doubled underscore", "ai-toolkit")]
    [InlineData("Wan", Kohya, "diffusers")]
    [InlineData("HunyuanVideo", Kohya, "ai-toolkit")]
    [InlineData("LTX-Video", Kohya, "PEFT")]
    [InlineData("Krea 2", Kohya, "ai-toolkit")]
    public void A_merge_does_not_depend_on_the_order(string model, string first, string second)
    {
        OwnModel own = OwnModels.Get(model);
        bool hasEncoders = AdapterSpelling.Get(first).Encoders.Length > 0 && AdapterSpelling.Get(second).Encoders.Length > 0;
        using var folder = new TemporaryFolder();
        string left = AdapterSpelling.Get(first).Of(own, isFolded: true, hasEncoders: hasEncoders).Write(folder.PathOf("a.safetensors"));
        string right = AdapterSpelling.Get(second).Of(own, isFolded: true, hasEncoders: hasEncoders).Write(folder.PathOf("b.safetensors"));
        using var session = new ResizeSession("cpu", [], new NormCache(folder.PathOf("cache")));
        using var comparer = new LoraComparer(session, left);
        using var original = Adapter.Open(left);
        using Adapter forwards = MergedLora.Create([(left, 0.75), (right, 0.25)]).Open();
        using Adapter backwards = MergedLora.Create([(right, 0.25), (left, 0.75)]).Open();
        Assert.Equal(
            original.Layers.Select(static layer => layer.Key.ToString()).Order(StringComparer.Ordinal),
            forwards.Layers.Select(static layer => layer.Key.ToString()).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            forwards.Layers.Select(static layer => (layer.Key.ToString(), layer.Rank)).Order(),
            backwards.Layers.Select(static layer => (layer.Key.ToString(), layer.Rank)).Order()
        );
        Assert.InRange(comparer.Compare(forwards, null, null, CancellationToken.None).RelativeErrorToLora, 0, Rounding);
        Assert.InRange(comparer.Compare(backwards, null, null, CancellationToken.None).RelativeErrorToLora, 0, Rounding);
    }

    private void AssertTwins(OwnModel own, KeyList first, KeyList second)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var folder = new TemporaryFolder();
        BaseModel model = models.Get(own.Name, isFolder: false);
        string left = first.Write(folder.PathOf("a.safetensors"));
        string right = second.Write(folder.PathOf("b.safetensors"));
        using (var session = new ResizeSession("cpu", [], new NormCache(folder.PathOf("cache"))))
        using (var comparer = new LoraComparer(session, left))
        using (var other = Adapter.Open(right))
        {
            LoraComparison comparison = comparer.Compare(other, null, null, CancellationToken.None);
            Assert.Empty(comparison.OnlyInReference);
            Assert.Empty(comparison.OnlyInOther);
            Assert.InRange(comparison.RelativeErrorToLora, 0, Rounding);
        }

        Resized one = Resize(model, left, folder.PathOf("a-out.safetensors"));
        Resized two = Resize(model, right, folder.PathOf("b-out.safetensors"));
        Assert.Equal(one.Ranks, two.Ranks.Select((rank, index) => one.Ranks[index] == 0 && two.IsMark[index] ? 0 : rank));
        Assert.Equal(one.Norms.Length, two.Norms.Length);
        Assert.All(one.Norms.Zip(two.Norms), static pair => Assert.Equal(1, pair.Second / pair.First, Rounding * 10));
        using ResizeSession measured = model.Open();
        using var outputs = new LoraComparer(measured, one.Path);
        using var twin = Adapter.Open(two.Path);
        LoraComparison result = outputs.Compare(twin, null, null, CancellationToken.None);
        Assert.Empty(result.OnlyInReference);
        Assert.Empty(result.OnlyInOther);
        Assert.InRange(result.RelativeErrorToLora, 0, Rounding * 10);
    }

    private static Resized Resize(BaseModel model, string path, string output)
    {
        using ResizeSession session = model.Open();
        using ResizeJob job = ResizeJob.Decompose(session, Adapter.Open(path), null, CancellationToken.None);
        ResizePlan plan = job.Plan(
            ResizeRecipe.Parse("fro_ckpt=1,thr=-0.35"),
            TensorType.Float32,
            OutputKind.Smallest,
            null,
            CancellationToken.None
        );
        ResizePlan all = job.Plan(
            ResizeRecipe.Parse("fro_ckpt=1,thr=-inf,rank=2"),
            TensorType.Float32,
            OutputKind.Smallest,
            null,
            CancellationToken.None
        );

        // Every layer stays in the output: what is left of a file may not tell its architecture any more.
        job.Write(all, output, overwrite: false, null, CancellationToken.None);
        int[] ranks = [.. plan.Layers.Select(static layer => layer.Result.NewRank)];
        Assert.InRange(ranks.Average() / plan.Layers.Average(static layer => layer.Result.OldRank), 0.02, 0.98);
        return new Resized(
            output,
            ranks,
            [.. plan.Layers.Select(static layer => LoaderMarks.Has(layer.Result.Layer))],
            [
                .. job.Layers.SelectMany(static layer =>
                    (double[])[layer.FrobeniusNorm, layer.BaseSpectralNorm ?? double.NaN, layer.BaseFrobeniusNorm ?? double.NaN]
                ),
            ]
        );
    }

    // The same layers in the names of fused weights: B has the blocks of the parts, A stands below one another.
    private static KeyList Fuse(OwnModel own, AdapterSpelling spelling, int? only = null)
    {
        var tensors = new List<ListedTensor>();
        foreach (OwnModule module in own.Modules.Where(module => module.Role == BaseRoles.Denoiser && !IsSwapped(own, module)))
        {
            string name = spelling.Denoiser + (spelling.IsFlat ? module.Name.Replace('.', '_') : module.Name);
            (string Name, RowShare Rows)[] parts = [.. own.Family.Mapping.OtherSpelling(module.Name)];
            parts = parts.Length > 1 && only is { } left ? [parts[left]] : parts;
            int rank = module.Shape.Length == 4 && module.Shape[2] == 3 ? 3 : 4;
            int total = rank * parts.Length;
            int rows = (int)module.Shape[0];
            double[] up = new double[rows * total];
            var down = new List<double>();
            for (int part = 0; part < parts.Length; part++)
            {
                string seed = parts[part].Rows == new RowShare(0, 1) ? module.Seed : $"{module.Role}: {parts[part].Name}";
                int first = (int)Math.Round(rows * parts[part].Rows.From);
                int count = (int)Math.Round(rows * (parts[part].Rows.To - parts[part].Rows.From));
                double[] numbers = new ListedTensor(string.Empty, TensorType.Float32, [count, rank]) { Seed = $"{seed} B" }.Numbers();
                for (int row = 0; row < count; row++)
                {
                    numbers.AsSpan(row * rank, rank).CopyTo(up.AsSpan(((first + row) * total) + (part * rank)));
                }

                long[] shape = [rank, .. module.Shape.Skip(1)];
                down.AddRange(new ListedTensor(string.Empty, TensorType.Float32, shape) { Seed = $"{seed} A" }.Numbers());
            }

            long[] unit = [.. Enumerable.Repeat(1L, module.Shape.Length - 2)];
            if (spelling.HasAlpha)
            {
                tensors.Add(new ListedTensor($"{name}.alpha", TensorType.Float32, []) { Given = [2 * parts.Length] });
            }

            long[] downShape = [total, .. module.Shape.Skip(1)];
            tensors.Add(new ListedTensor($"{name}{spelling.Down}", TensorType.Float32, downShape) { Given = [.. down] });
            double[] scaled = spelling.HasAlpha ? up : Array.ConvertAll(up, number => (double)(float)(number * 2 / rank));
            tensors.Add(new ListedTensor($"{name}{spelling.Up}", TensorType.Float32, [rows, total, .. unit]) { Given = scaled });
        }

        return new KeyList($"{own.Name} fused", tensors);
    }

    // The halves of norm_out.linear stand the other way round in diffusers: two layers for whoever compares.
    private static bool NameOfSwapped(string name) =>
        name.Replace("norm_out.", "norm_out_", StringComparison.Ordinal).Contains("norm_out_linear.", StringComparison.Ordinal);

    private static bool IsSwapped(OwnModel own, OwnModule module) =>
        own.Family.Mapping.OtherSpelling(module.Name) is [{ Name: "norm_out.linear" }];

    private sealed record Resized(string Path, int[] Ranks, bool[] IsMark, double[] Norms);
}
