using ResizeLora.Adapters;
using ResizeLora.Safetensors;

namespace ResizeLora.Tests.Adapters;

/// <summary>A layer that contradicts itself is an error that names file and layer.</summary>
public sealed class AdapterDefectTests : IDisposable
{
    private const string Layer = "lora_unet_damaged";

    private static readonly Dictionary<string, (SampleTensor[] Tensors, string Defect, string[] Words)> Cases = new()
    {
        ["down without up"] = ([Down(4, 32)], "UpMissing", ["lora_up"]),
        ["up without down"] = ([Up(40, 4)], "DownMissing", ["lora_down"]),
        ["ranks that disagree"] = ([Down(4, 32), Up(40, 8)], "RankMismatch", ["[4, 32]", "[40, 8]"]),
        ["factors the wrong way round"] = ([Down(32, 4), Up(4, 40)], "RankMismatch", ["32", "40"]),
        ["integers for weights"] = ([Down(4, 32) with { Type = TensorType.Int32 }, Up(40, 4)], "TypeUnsupported", ["I32", "F32"]),
        ["a vector for down"] = ([Down(4), Up(40, 4)], "ShapeUnsupported", ["[4]"]),
        ["a one-dimensional convolution"] = ([Down(4, 32, 3), Up(40, 4, 1)], "ShapeUnsupported", ["[4, 32, 3]"]),
        ["a kernel in up"] = ([Down(4, 32, 1, 1), Up(40, 4, 3, 3)], "ShapeUnsupported", ["[40, 4, 3, 3]"]),
        ["a rank of zero"] = ([Down(0, 32), Up(40, 0)], "ShapeUnsupported", ["[0, 32]"]),
        ["no inputs"] = ([Down(4, 0), Up(40, 4)], "ShapeUnsupported", ["[4, 0]"]),
        ["an alpha that is not a number"] = ([Down(4, 32), Up(40, 4), Alpha(TensorType.Float32, [], double.NaN)], "AlphaInvalid", ["NaN"]),
        ["an infinite alpha"] = ([Down(4, 32), Up(40, 4), Alpha(TensorType.Float16, [], double.NegativeInfinity)], "AlphaInvalid", ["-Infinity"]),
        ["an infinite alpha of double precision"] = ([Down(4, 32), Up(40, 4), Alpha(TensorType.Float64, [], double.PositiveInfinity)], "AlphaInvalid", ["Infinity"]),
        ["several alphas"] = ([Down(4, 32), Up(40, 4), Alpha(TensorType.Float32, [2], 1, 2)], "AlphaInvalid", ["F32 [2]"]),
        ["an empty alpha"] = ([Down(4, 32), Up(40, 4), Alpha(TensorType.Float32, [0])], "AlphaInvalid", ["[0]"]),
        ["an alpha that is true or false"] = ([Down(4, 32), Up(40, 4), Alpha(TensorType.Bool, [], 1)], "AlphaInvalid", ["BOOL"]),
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_layer_that_contradicts_itself_is_refused_with_its_name(string name)
    {
        (SampleTensor[] tensors, string defect, string[] words) = Cases[name];
        string path = SampleFiles.Write(folder.PathOf("damaged.safetensors"), [.. tensors, SampleTensor.Scalar("sound", 1)]);
        AdapterException exception = Assert.Throws<AdapterException>(() => Adapter.Open(path).Dispose());
        Assert.Equal((defect, $"Layer{defect}", Layer, path), (exception.Defect, exception.ErrorId, exception.Layer, exception.Path));
        Assert.All([$"'{path}'", $"'{Layer}'", .. words], word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
        using FileStream closed = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Fact]
    public void Names_of_many_dots_take_no_more_time_than_others()
    {
        string dots = string.Concat(Enumerable.Repeat("a.", 200_000));
        string path = SampleFiles.Write(folder.PathOf("dots.safetensors"), [Down(4, 32), Up(40, 4), .. Enumerable.Range(0, 10).Select(index => SampleTensor.Scalar(FormattableString.Invariant($"{dots}{index}"), 1))]);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var adapter = Adapter.Open(path);
        Assert.Equal((1, 10), (adapter.Layers.Count, adapter.OtherTensors.Count));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void A_factor_of_more_than_two_gibibytes_is_refused()
    {
        // Zeros that take no room on the disk.
        const long Columns = 1_100_000_000;
        string header = FormattableString.Invariant($"{{\"{Layer}.lora_down.weight\":{{\"dtype\":\"F16\",\"shape\":[1,{Columns}],\"data_offsets\":[0,{2 * Columns}]}},\"{Layer}.lora_up.weight\":{{\"dtype\":\"F16\",\"shape\":[1,1],\"data_offsets\":[{2 * Columns},{(2 * Columns) + 2}]}}}}");
        string path = folder.PathOf("large.safetensors");
        File.WriteAllBytes(path, SampleFiles.Raw(header));
        using (FileStream stream = File.Open(path, FileMode.Open))
        {
            stream.SetLength(stream.Length + (2 * Columns) + 2);
        }

        AdapterException exception = Assert.Throws<AdapterException>(() => Adapter.Open(path).Dispose());
        Assert.Equal(("LayerShapeUnsupported", Layer), (exception.ErrorId, exception.Layer));
    }

    private static SampleTensor Down(params long[] shape) => Zeros("lora_down.weight", shape);

    private static SampleTensor Up(params long[] shape) => Zeros("lora_up.weight", shape);

    private static SampleTensor Zeros(string suffix, long[] shape) =>
        SampleTensor.Of($"{Layer}.{suffix}", TensorType.Float32, shape, new double[shape.Aggregate(1L, static (product, dimension) => product * dimension)]);

    private static SampleTensor Alpha(TensorType type, long[] shape, params double[] values) =>
        SampleTensor.Of($"{Layer}.alpha", type, shape, values);
}
