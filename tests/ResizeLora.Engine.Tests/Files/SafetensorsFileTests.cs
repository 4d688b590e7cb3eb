using System.Diagnostics;
using ResizeLora.Files;

namespace ResizeLora.Tests.Safetensors;

/// <summary>What a well-formed file gives its reader.</summary>
public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, int> TypeSizes =>
        new()
        {
            { "BOOL", 8 },
            { "F4", 4 },
            { "F6_E2M3", 6 },
            { "F6_E3M2", 6 },
            { "U8", 8 },
            { "I8", 8 },
            { "F8_E5M2", 8 },
            { "F8_E4M3", 8 },
            { "F8_E8M0", 8 },
            { "I16", 16 },
            { "U16", 16 },
            { "F16", 16 },
            { "BF16", 16 },
            { "I32", 32 },
            { "U32", 32 },
            { "F32", 32 },
            { "C64", 64 },
            { "F64", 64 },
            { "I64", 64 },
            { "U64", 64 },
        };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_open_file_tells_its_tensors_and_its_metadata()
    {
        string path = SampleFiles.Write(
            folder.PathOf("a.safetensors"),
            [
                SampleTensor.Of("weight", TensorType.Float32, [2, 3], [1, 2, 3, 4, 5, 6]),
                SampleTensor.Scalar("alpha", 4, TensorType.Float16),
            ],
            new Dictionary<string, string> { ["ss_network_dim"] = "2", ["note"] = "naïve “quotes” \\ \n 日本" }
        );
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(path, file.Path);
        Assert.Equal(new FileInfo(path).Length, file.Length);
        Assert.Equal(File.GetLastWriteTimeUtc(path), file.LastWriteTime);
        Assert.Equal(["weight", "alpha"], file.Header.Tensors.Select(tensor => tensor.Name));
        Assert.Equal("2", file.Header.Metadata["ss_network_dim"]);
        Assert.Equal("naïve “quotes” \\ \n 日本", file.Header.Metadata["note"]);
        TensorEntry weight = file.Find("weight")!;
        Assert.Equal((TensorType.Float32, 6L, 24L, "[2, 3]"), (weight.Type, weight.ElementCount, weight.ByteLength, weight.ShapeText));
        Assert.Equal([1, 2, 3, 4, 5, 6], ScalarFloat.DecodeAll(TensorType.Float32, file.Read(weight)));
        Assert.Null(file.Find("Weight"));
    }

    [UnixFact]
    public async Task A_pipe_is_refused_and_not_waited_for()
    {
        string pipe = folder.PathOf("pipe.safetensors");
        using (Process make = Process.Start("mkfifo", [pipe]))
        {
            await make.WaitForExitAsync();
        }

        string link = folder.PathOf("link.safetensors");
        File.CreateSymbolicLink(link, pipe);
        foreach (string path in new[] { pipe, link })
        {
            var opened = Task.Run(() => Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(path).Dispose()));
            Assert.Equal(SafetensorsDefect.Empty, (await opened.WaitAsync(TimeSpan.FromSeconds(10))).Defect);
        }
    }

    [Fact]
    public void Scalars_and_tensors_without_elements_are_valid()
    {
        using SafetensorsFile file = Open(
            """
            {"none":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"flat":{"dtype":"F16","shape":[3,0,5],"data_offsets":[4,4]},"scalar":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}
            """,
            4
        );
        Assert.Equal(["none", "scalar", "flat"], file.Header.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([0L, 1L, 0L], file.Header.Tensors.Select(tensor => tensor.ElementCount));
        Assert.Empty(file.Read(file.Find("flat")!));
        Assert.Equal("[]", file.Find("scalar")!.ShapeText);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{}      ")]
    [InlineData("{\"__metadata__\":{}}")]
    [InlineData("{\"__metadata__\":null}")]
    [InlineData("{ \"__metadata__\" : { } }\n")]
    public void A_file_without_tensors_is_valid(string header)
    {
        using SafetensorsFile file = Open(header, 0);
        Assert.Empty(file.Header.Tensors);
        Assert.Empty(file.Header.Metadata);
    }

    [Fact]
    public void Tensors_come_in_the_order_of_their_data_whatever_the_order_of_the_header()
    {
        using SafetensorsFile file = Open(
            """{"c":{"data_offsets":[8,12],"shape":[1],"dtype":"F32"},"a":{"dtype":"F32","data_offsets":[4,8],"shape":[1]},"b":{"shape":[1],"dtype":"F32","data_offsets":[0,4]}}""",
            12
        );
        Assert.Equal(["b", "a", "c"], file.Header.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Properties_of_later_versions_of_the_format_are_passed_over()
    {
        using SafetensorsFile file = Open(
            """{"a":{"future":{"list":[1,[2]]},"dtype":"F32","shape":[1],"data_offsets":[0,4],"note":null}}""",
            4
        );
        Assert.Single(file.Header.Tensors);
    }

    [Theory]
    [InlineData("../../../etc/passwd")]
    [InlineData("C:\\\\Windows\\\\x")]
    [InlineData("")]
    [InlineData("\\u0000")]
    [InlineData("層.重み")]
    public void A_name_is_any_string_and_never_a_path(string name)
    {
        using SafetensorsFile file = Open($"{{\"{name}\":{{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}}}", 4);
        TensorEntry tensor = Assert.Single(file.Header.Tensors);
        Assert.Same(tensor, file.Find(tensor.Name));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [MemberData(nameof(TypeSizes))]
    public void Every_type_of_the_format_is_known_with_its_size(string name, int bits)
    {
        Assert.True(TensorTypes.TryParse(name, out TensorType type));
        Assert.Equal(name, TensorTypes.NameOf(type));
        Assert.Equal(bits, TensorTypes.BitsOf(type));
        Assert.Equal(bits % 8 == 0 ? bits / 8 : -1, bits % 8 == 0 ? TensorTypes.BytesOf(type) : -1);
        using SafetensorsFile file = Open($"{{\"a\":{{\"dtype\":\"{name}\",\"shape\":[4],\"data_offsets\":[0,{bits / 2}]}}}}", bits / 2);
        Assert.Equal(type, file.Header.Tensors[0].Type);
    }

    [Fact]
    public void The_table_of_types_is_complete_and_packed_types_have_no_whole_bytes()
    {
        Assert.Equal(Enum.GetValues<TensorType>().Length, TypeSizes.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorTypes.BytesOf(TensorType.Float4));
        Assert.Equal(
            [TensorType.Float8E5M2, TensorType.Float8E4M3, TensorType.Float16, TensorType.BFloat16, TensorType.Float32, TensorType.Float64],
            Enum.GetValues<TensorType>().Where(TensorTypes.IsWeight)
        );
    }

    [Fact]
    public void Parts_of_a_tensor_are_read_from_several_threads()
    {
        double[] numbers = Enumerable.Range(0, 40_000).Select(static index => (double)index).ToArray();
        string path = SampleFiles.Write(
            folder.PathOf("parts.safetensors"),
            [SampleTensor.Scalar("before", 1), SampleTensor.Of("numbers", TensorType.Float32, [200, 200], numbers)]
        );
        using SafetensorsFile file = SafetensorsFile.Open(path);
        TensorEntry tensor = file.Find("numbers")!;
        Parallel.For(
            0,
            200,
            row =>
            {
                byte[] bytes = new byte[800];
                file.Read(tensor, bytes, row * 800);
                Assert.Equal(numbers[(row * 200)..((row + 1) * 200)], ScalarFloat.DecodeAll(TensorType.Float32, bytes));
            }
        );
    }

    [Fact]
    public void A_read_beyond_the_tensor_is_a_mistake_of_the_caller()
    {
        string path = SampleFiles.Write(folder.PathOf("beyond.safetensors"), [SampleTensor.Scalar("a", 1), SampleTensor.Scalar("b", 2)]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Find("a")!, new byte[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Find("a")!, new byte[4], 1));
    }

    [Fact]
    public void A_missing_file_is_the_systems_own_error() =>
        Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(folder.PathOf("absent.safetensors")));

    private SafetensorsFile Open(string header, int dataLength)
    {
        string path = folder.PathOf("valid.safetensors");
        File.WriteAllBytes(path, SampleFiles.Raw(header, dataLength));
        return SafetensorsFile.Open(path);
    }
}
