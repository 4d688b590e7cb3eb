using System.Text.Json;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.KeyLists;

/// <summary>The same weights in any container have the same norms.</summary>
public sealed class ContainerTests : IDisposable
{
    // What single precision leaves of a product.
    private const double Rounding = 2e-5;

    private readonly TemporaryFolder folder = new();

    /// <summary>Models and the prefixes of their names.</summary>
    public static TheoryData<string, string> Prefixes
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string model in (string[])["Flux.1", "Qwen-Image", "Z-Image", "Wan", "HunyuanVideo", "Krea 2"])
            {
                foreach (string prefix in (string[])["model.diffusion_model.", "diffusion_model.", "model.", "net.", "transformer."])
                {
                    cases.Add(model, prefix);
                }
            }

            return cases;
        }
    }

    /// <summary>How scales are stored: the ending, and the sides of a scale's block as rows and columns, 0 for all.</summary>
    public static TheoryData<string, int, int, bool> Scales =>
        new()
        {
            { ".scale_weight", 0, 0, false },
            { ".scale_weight", 0, 0, true },
            { ".weight_scale", 0, 0, false },
            { ".weight_scale", 0, 0, true },
            { ".weight_scale", 1, 0, false },
            { ".weight_scale", 1, 0, true },
            { ".weight_scale", 4, 4, true },
            { ".weight_scale_inv", 4, 4, true },
        };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Prefixes))]
    public void A_prefix_changes_nothing(string model, string prefix)
    {
        IReadOnlyList<ListedTensor> tensors = DenoiserOf(model);
        AssertSame(
            Norms(Write("bare.safetensors", tensors)),
            Norms(Write("prefixed.safetensors", tensors.Select(tensor => tensor with { Name = prefix + tensor.Name })))
        );
    }

    [Fact]
    public void A_file_with_its_text_encoders_is_three_files()
    {
        OwnModel own = OwnModels.Get("Flux.1");
        var prefixes = new Dictionary<string, string>
        {
            [BaseRoles.Denoiser] = "model.diffusion_model.",
            [BaseRoles.ClipL] = "text_encoders.clip_l.transformer.",
            [BaseRoles.T5] = "text_encoders.t5xxl.transformer.",
        };
        string whole = Write("whole.safetensors", own.Modules.Select(module => OwnModel.TensorOf(module, prefixes[module.Role])));
        string[] files =
        [
            .. prefixes.Keys.Select(role =>
                Write(
                    $"{role}.safetensors",
                    own.Modules.Where(module => module.Role == role).Select(static module => OwnModel.TensorOf(module, string.Empty))
                )
            ),
        ];
        AssertSame(Norms(whole), Norms(files));
    }

    [Theory]
    [InlineData("Flux.1")]
    [InlineData("SD 3")]
    [InlineData("Z-Image")]
    [InlineData("Lumina 2")]
    [InlineData("Wan")]
    [InlineData("HunyuanVideo")]
    [InlineData("SDXL")]
    [InlineData("SD 1.5")]
    public void A_folder_of_diffusers_has_the_norms_of_the_file(string model)
    {
        OwnModel own = OwnModels.Get(model);
        Dictionary<string, (double, double)> file = Norms(Write("file.safetensors", DenoiserOf(model)));
        ListedTensor[] split = [.. SplitOf(own)];
        string component = own.IsUNet ? "unet" : "transformer";
        Write($"folder/{component}/diffusion_pytorch_model.safetensors", split);
        Dictionary<string, (double, double)> whole = Norms(folder.PathOf("folder"));
        Assert.True(whole.Count >= split.Length);
        AssertSame(whole.Keys.ToDictionary(static name => name, name => file[name]), whole);

        // The same as shards.
        var map = new Dictionary<string, string>();
        foreach (IGrouping<int, ListedTensor> shard in split.Index().GroupBy(static item => item.Index % 3, static item => item.Item))
        {
            string name = $"diffusion_pytorch_model-0000{shard.Key + 1}-of-00003.safetensors";
            Write($"shards/{component}/{name}", shard);
            foreach (ListedTensor tensor in shard)
            {
                map[tensor.Name] = name;
            }
        }

        string index = folder.PathOf($"shards/{component}/diffusion_pytorch_model.safetensors.index.json");
        File.WriteAllText(index, JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map }));
        AssertSame(whole, Norms(folder.PathOf("shards")));
        AssertSame(whole, Norms(folder.PathOf($"shards/{component}")));
        AssertSame(whole, Norms(index));
    }

    [Theory]
    [MemberData(nameof(Scales))]
    public void Scaled_fp8_has_the_norms_of_what_it_stands_for(string ending, int blockRows, int blockColumns, bool hasShape)
    {
        var stored = new List<SampleTensor>();
        var meant = new List<ListedTensor>();
        double[] codes = [.. Enumerable.Range(0, 256).Select(static code => ScalarFloat.Decode(TensorType.Float8E4M3, (ulong)code))];
        foreach (ListedTensor tensor in DenoiserOf("Flux.1"))
        {
            int rows = (int)tensor.Shape[0];
            int columns = tensor.Count / rows;
            int height = blockRows == 0 ? rows : blockRows;
            int width = blockColumns == 0 ? columns : blockColumns;
            int across = columns / width;
            var random = new Random((int)(ListedTensor.HashOf(tensor.Name) & int.MaxValue));
            int count = rows / height * across;
            double[] scales = [.. Enumerable.Range(0, count).Select(_ => (double)(float)(0.001 + (0.01 * random.NextDouble())))];
            byte[] bytes = new byte[tensor.Count];
            double[] numbers = new double[tensor.Count];
            for (int place = 0; place < bytes.Length; place++)
            {
                int code;
                do
                {
                    code = random.Next(256);
                } while (!double.IsFinite(codes[code]));

                bytes[place] = (byte)code;
                int block = (place / columns / height * across) + (place % columns / width);
                numbers[place] = (float)(codes[code] * scales[block]);
            }

            string module = tensor.Name[..^".weight".Length];
            long[] shape =
                blockColumns > 0 ? [rows / height, across]
                : blockRows > 0 ? (hasShape ? [rows, 1] : [rows])
                : (hasShape ? [1] : []);
            stored.Add(new SampleTensor(tensor.Name, TensorType.Float8E4M3, tensor.Shape, bytes));
            stored.Add(SampleTensor.Of(module + ending, TensorType.Float32, shape, scales));
            stored.Add(SampleTensor.Scalar($"{module}.scale_input", 3));
            meant.Add(tensor with { Type = TensorType.Float32, Given = numbers });
        }

        stored.Add(new SampleTensor("scaled_fp8", TensorType.Float8E4M3, [2], [0, 0]));
        string path = SampleFiles.Write(folder.PathOf("fp8.safetensors"), stored);
        AssertSame(Norms(Write("meant.safetensors", meant)), Norms(path), Rounding);
    }

    [Fact]
    public void A_model_in_scaled_fp8_has_its_norms_within_the_precision_of_fp8()
    {
        IReadOnlyList<ListedTensor> tensors = DenoiserOf("Flux.1");
        var stored = new List<SampleTensor>();
        foreach (ListedTensor tensor in tensors)
        {
            double[] numbers = tensor.Numbers();
            double scale = (float)(numbers.Max(Math.Abs) / 448);
            stored.Add(SampleTensor.Of(tensor.Name, TensorType.Float8E4M3, tensor.Shape, numbers.Select(number => number / scale)));
            stored.Add(SampleTensor.Scalar($"{tensor.Name[..^".weight".Length]}.scale_weight", scale));
        }

        Dictionary<string, (double, double)> scaled = Norms(SampleFiles.Write(folder.PathOf("fp8.safetensors"), stored));
        AssertSame(Norms(Write("half.safetensors", tensors)), scaled, 0.02);
    }

    [Theory]
    [InlineData("Flux.1")]
    [InlineData("Qwen-Image")]
    [InlineData("Z-Image")]
    public void Gguf_in_half_precision_has_the_norms_of_the_file(string model)
    {
        IReadOnlyList<ListedTensor> tensors = DenoiserOf(model);
        SampleGguf gguf = new SampleGguf().Pair("general.architecture", "test");
        foreach (ListedTensor tensor in tensors)
        {
            gguf.Of(tensor.Name, GgufType.F16, tensor.Shape, tensor.Numbers());
        }

        AssertSame(Norms(Write("file.safetensors", tensors)), Norms(gguf.Write(folder.PathOf("model.gguf"))));
    }

    // Every number is exact in half precision.
    private static ListedTensor[] DenoiserOf(string model) =>
        [
            .. OwnModels
                .Get(model)
                .Modules.Where(static module => module.Role == BaseRoles.Denoiser)
                .Select(static module => OwnModel.TensorOf(module, string.Empty)),
        ];

    // The rows of the fused weights under their names in diffusers.
    private static IEnumerable<ListedTensor> SplitOf(OwnModel own)
    {
        foreach (OwnModule module in own.Modules.Where(static module => module.Role == BaseRoles.Denoiser))
        {
            ListedTensor tensor = OwnModel.TensorOf(module, string.Empty);
            double[] numbers = tensor.Numbers();
            int columns = numbers.Length / (int)module.Shape[0];
            foreach ((string name, RowShare rows) in own.Family.Mapping.OtherSpelling(module.Name))
            {
                int first = (int)Math.Round(module.Shape[0] * rows.From);
                int count = (int)Math.Round(module.Shape[0] * rows.To) - first;
                double[] part = numbers[(first * columns)..((first + count) * columns)];
                if (name == "norm_out.linear")
                {
                    part = [.. part[(part.Length / 2)..], .. part[..(part.Length / 2)]];
                }

                yield return new ListedTensor($"{name}.weight", TensorType.Float16, [count, .. module.Shape.Skip(1)]) { Given = part };
            }
        }
    }

    private static void AssertSame(
        Dictionary<string, (double Spectral, double Frobenius)> expected,
        Dictionary<string, (double Spectral, double Frobenius)> found,
        double tolerance = 1e-7
    )
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.All(
            expected,
            pair =>
            {
                Assert.Equal(1, found[pair.Key].Spectral / pair.Value.Spectral, tolerance);
                Assert.Equal(1, found[pair.Key].Frobenius / pair.Value.Frobenius, tolerance);
            }
        );
    }

    private string Write(string name, IEnumerable<ListedTensor> tensors) => new KeyList(name, tensors).Write(folder.PathOf(name));

    private Dictionary<string, (double Spectral, double Frobenius)> Norms(params string[] origins)
    {
        // A cache of its own each time: norms are kept by content.
        string cache = folder.PathOf($"cache {Guid.NewGuid():N}");
        using var session = new ResizeSession("cpu", origins, new NormCache(cache));
        Checkpoint checkpoint = Assert.Single(session.Checkpoints);
        return session
            .MeasureCheckpoint(checkpoint, [.. checkpoint.Weights], refresh: false, null, CancellationToken.None)
            .ToDictionary(static norm => norm.Layer, static norm => (norm.SpectralNorm, norm.FrobeniusNorm));
    }
}
