using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.Tests.Adapters;

/// <summary>
/// A layer that is not understood is kept with the reason; one whose alpha is no number is an error that names file and layer.
/// </summary>
public sealed class AdapterDefectTests : IDisposable
{
    private const string Layer = "lora_unet_damaged";

    private static readonly Dictionary<string, (SampleTensor[] Tensors, string Reason)> KeptCases = new()
    {
        ["down without up"] = ([Down(4, 32)], "no lora_up"),
        ["up without down"] = ([Up(40, 4)], "no lora_down"),
        ["ranks that disagree"] = ([Down(4, 32), Up(40, 8)], "the ranks disagree: lora_down [4, 32], lora_up [40, 8]"),
        ["factors the wrong way round"] = ([Down(32, 4), Up(4, 40)], "the ranks disagree: lora_down [32, 4], lora_up [4, 40]"),
        ["integers for weights"] = ([Down(4, 32) with { Type = TensorType.Int32 }, Up(40, 4)], "weights of type I32 and F32"),
        ["a vector for down"] = ([Down(4), Up(40, 4)], "lora_down [4], lora_up [40, 4]"),
        ["a four-dimensional convolution"] = (
            [Down(4, 3, 3, 3, 3, 3), Up(40, 4, 1, 1, 1, 1)],
            "lora_down [4, 3, 3, 3, 3, 3], lora_up [40, 4, 1, 1, 1, 1]"
        ),
        ["a kernel in up"] = ([Down(4, 32, 1, 1), Up(40, 4, 3, 3)], "lora_down [4, 32, 1, 1], lora_up [40, 4, 3, 3]"),
        ["a rank of zero"] = ([Down(0, 32), Up(40, 0)], "lora_down [0, 32], lora_up [40, 0]"),
        ["no inputs"] = ([Down(4, 0), Up(40, 4)], "lora_down [4, 0], lora_up [40, 4]"),
        ["several alphas"] = ([Down(4, 32), Up(40, 4), Alpha(TensorType.Float32, [2], 1, 2)], "its alpha is F32 [2], not one number"),
        ["an empty alpha"] = ([Down(4, 32), Up(40, 4), Alpha(TensorType.Float32, [0])], "its alpha is F32 [0], not one number"),
        ["an alpha that is true or false"] = (
            [Down(4, 32), Up(40, 4), Alpha(TensorType.Bool, [], 1)],
            "its alpha is BOOL [], not one number"
        ),
        ["a magnitude"] = ([Down(4, 32), Up(40, 4), SampleTensor.Scalar($"{Layer}.dora_scale", 1)], "its magnitudes are F32 []"),
        ["another family"] = ([SampleTensor.Scalar($"{Layer}.hada_w1_a", 1)], "an incomplete LoHa: hada_w1_a []"),
        ["another trainer's names"] = ([SampleTensor.Scalar($"{Layer}.lora_A.weight", 1)], "no lora_up"),
    };

    private static readonly Dictionary<string, (SampleTensor Alpha, string Word)> RefusedCases = new()
    {
        ["not a number"] = (Alpha(TensorType.Float32, [], double.NaN), "NaN"),
        ["infinite"] = (Alpha(TensorType.Float16, [], double.NegativeInfinity), "-Infinity"),
        ["infinite in double precision"] = (Alpha(TensorType.Float64, [], double.PositiveInfinity), "Infinity"),
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> KeptCaseNames => [.. KeptCases.Keys];

    public static TheoryData<string> RefusedCaseNames => [.. RefusedCases.Keys];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(KeptCaseNames))]
    public void A_layer_that_is_not_understood_is_kept_with_the_reason(string name)
    {
        (SampleTensor[] tensors, string reason) = KeptCases[name];
        SampleLora lora = new SampleLora().Layer("lora_unet_sound", 8, 6, 2);
        Array.ForEach(tensors, tensor => lora.Tensor(tensor));
        using var adapter = Adapter.Open(lora.Write(folder.PathOf("odd.safetensors")));
        Assert.Equal("lora_unet_sound", Assert.Single(adapter.Layers).Name);
        KeptLayer kept = Assert.Single(adapter.KeptLayers);
        Assert.Equal((Layer, reason), (kept.Name, kept.Reason));
        Assert.Equal(
            tensors.Select(static tensor => tensor.Name).Order(),
            adapter.OtherTensors.Select(static tensor => tensor.Name).Order()
        );
    }

    [Theory]
    [MemberData(nameof(RefusedCaseNames))]
    public void An_alpha_that_is_no_number_is_refused_with_the_layers_name(string name)
    {
        (SampleTensor alpha, string word) = RefusedCases[name];
        string path = SampleFiles.Write(folder.PathOf("damaged.safetensors"), [Down(4, 32), Up(40, 4), alpha]);
        AdapterException exception = Assert.Throws<AdapterException>(() => Adapter.Open(path).Dispose());
        Assert.Equal(("LayerAlphaInvalid", Layer, path), (exception.ErrorId, exception.Layer, exception.Path));
        Assert.All([$"'{path}'", $"'{Layer}'", word], part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
        using FileStream closed = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Fact]
    public void Names_of_many_dots_take_no_more_time_than_others()
    {
        string dots = string.Concat(Enumerable.Repeat("a.", 200_000));
        string path = SampleFiles.Write(
            folder.PathOf("dots.safetensors"),
            [
                Down(4, 32),
                Up(40, 4),
                .. Enumerable.Range(0, 10).Select(index => SampleTensor.Scalar(FormattableString.Invariant($"{dots}{index}"), 1)),
            ]
        );
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var adapter = Adapter.Open(path);
        Assert.Equal((1, 10), (adapter.Layers.Count, adapter.OtherTensors.Count));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void A_factor_of_more_than_two_gibibytes_is_kept()
    {
        // Zeros that take no room on the disk.
        const long Columns = 1_100_000_000;
        string down = FormattableString.Invariant($"{{\"dtype\":\"F16\",\"shape\":[1,{Columns}],\"data_offsets\":[0,{2 * Columns}]}}");
        string up = FormattableString.Invariant(
            $"{{\"dtype\":\"F16\",\"shape\":[1,1],\"data_offsets\":[{2 * Columns},{(2 * Columns) + 2}]}}"
        );
        string header = $"{{\"{Layer}.lora_down.weight\":{down},\"{Layer}.lora_up.weight\":{up}}}";
        string path = folder.PathOf("large.safetensors");
        File.WriteAllBytes(path, SampleFiles.Raw(header));
        using (FileStream stream = File.Open(path, FileMode.Open))
        {
            stream.SetLength(stream.Length + (2 * Columns) + 2);
        }

        using var adapter = Adapter.Open(path);
        Assert.Empty(adapter.Layers);
        Assert.StartsWith("more than 2 GiB", Assert.Single(adapter.KeptLayers).Reason, StringComparison.Ordinal);
    }

    private static SampleTensor Down(params long[] shape) => Zeros("lora_down.weight", shape);

    private static SampleTensor Up(params long[] shape) => Zeros("lora_up.weight", shape);

    private static SampleTensor Zeros(string suffix, long[] shape) =>
        SampleTensor.Of(
            $"{Layer}.{suffix}",
            TensorType.Float32,
            shape,
            new double[shape.Aggregate(1L, static (product, dimension) => product * dimension)]
        );

    private static SampleTensor Alpha(TensorType type, long[] shape, params double[] values) =>
        SampleTensor.Of($"{Layer}.alpha", type, shape, values);
}
