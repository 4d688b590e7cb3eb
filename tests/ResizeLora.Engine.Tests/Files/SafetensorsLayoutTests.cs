using System.Text;
using System.Text.Json;
using CsCheck;
using ResizeLora.Files;

namespace ResizeLora.Tests.Safetensors;

/// <summary>A file's bytes are those that the safetensors library writes, and known before anything is computed.</summary>
public sealed class SafetensorsLayoutTests
{
    private static readonly Dictionary<string, string> NoMetadata = [];

    // Code points that an encoder may stumble over, every length of UTF-8 among them.
    private static readonly Gen<string> Text = Gen.OneOf(
            "a",
            "Z",
            "0",
            ".",
            "_",
            " ",
            "\"",
            "\\",
            "/",
            "\n",
            "\t",
            "\0",
            "\u001f",
            "\u007f",
            "é",
            "ß",
            "日",
            "\uFFFD",
            "😀",
            "<",
            "'"
        )
        .Array[0, 12]
        .Select(string.Concat);

    private static readonly Gen<(string Name, TensorType Type, IReadOnlyList<long> Shape)> Tensor = Gen.Select(
        Text,
        Gen.Enum<TensorType>(),
        Gen.Long[0, 5].Array[0, 3],
        static (name, type, shape) => (name, type, (IReadOnlyList<long>)[.. shape, 4])
    );

    [Fact]
    public void A_small_file_is_the_same_to_the_byte()
    {
        var layout = SafetensorsLayout.Create(
            [("b.alpha", TensorType.Float16, []), ("a", TensorType.Float16, [2, 3]), ("c", TensorType.Float32, [1])],
            new Dictionary<string, string> { ["format"] = "pt" }
        );
        const string Header =
            """{"__metadata__":{"format":"pt"},"c":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F16","shape":[2,3],"data_offsets":[4,16]},"b.alpha":{"dtype":"F16","shape":[],"data_offsets":[16,18]}}""";
        Assert.Equal(SampleFiles.Raw(Header.PadRight((Header.Length + 7) / 8 * 8)), layout.Prefix.ToArray());
        Assert.Equal(18, layout.DataLength);
        Assert.Equal(layout.Prefix.Length + 18, layout.FileLength);
    }

    [Fact]
    public void Without_metadata_the_header_has_none()
    {
        Assert.Equal(
            """{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""",
            HeaderOf(SafetensorsLayout.Create([("a", TensorType.UInt8, [0])], NoMetadata)).TrimEnd()
        );
        Assert.Equal("{}      ", HeaderOf(SafetensorsLayout.Create([], NoMetadata)));
    }

    [Fact]
    public void Tensors_are_ordered_by_descending_type_as_the_library_numbers_types()
    {
        string[] expected =
        [
            "U64",
            "I64",
            "F64",
            "C64",
            "F32",
            "U32",
            "I32",
            "BF16",
            "F16",
            "U16",
            "I16",
            "F8_E8M0",
            "F8_E4M3",
            "F8_E5M2",
            "I8",
            "U8",
            "F6_E3M2",
            "F6_E2M3",
            "F4",
            "BOOL",
        ];
        var layout = SafetensorsLayout.Create(
            Enum.GetValues<TensorType>().Select(static type => (TensorTypes.NameOf(type), type, (IReadOnlyList<long>)[8L])),
            NoMetadata
        );
        Assert.Equal(expected, layout.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Tensors_of_one_type_are_ordered_by_the_bytes_of_their_names()
    {
        // By UTF-16 the emoji, made of surrogates, would come before the replacement character.
        string[] expected = ["", "A", "a", "a.b", "a_b", "ab", "é", "\uFFFD", "😀", "😀a", "😁"];
        var layout = SafetensorsLayout.Create(
            expected.Reverse().Select(static name => (name, TensorType.Float16, (IReadOnlyList<long>)[1L])),
            NoMetadata
        );
        Assert.Equal(expected, layout.Tensors.Select(tensor => tensor.Name));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\"\\", "\\\"\\\\")]
    [InlineData("\b\f\n\r\t", "\\b\\f\\n\\r\\t")]
    [InlineData("\0\u0001\u001f", "\\u0000\\u0001\\u001f")]
    [InlineData("/<>&'+\u007f", "/<>&'+\u007f")]
    [InlineData("é日😀\u2028", "é日😀\u2028")]
    public void Text_is_escaped_as_serde_json_escapes_it(string text, string escaped)
    {
        string header = HeaderOf(
            SafetensorsLayout.Create([(text, TensorType.UInt8, [0])], new Dictionary<string, string> { ["k" + text] = text })
        );
        Assert.StartsWith($"{{\"__metadata__\":{{\"k{escaped}\":\"{escaped}\"}},\"{escaped}\":{{", header, StringComparison.Ordinal);
    }

    [Fact]
    public void The_data_begins_at_a_multiple_of_eight_bytes_whatever_the_names()
    {
        for (int length = 0; length < 16; length++)
        {
            var layout = SafetensorsLayout.Create([(new string('é', length), TensorType.Float16, [1])], NoMetadata);
            Assert.Equal(0, layout.Prefix.Length % 8);
            string header = HeaderOf(layout);
            Assert.InRange(header.Length - header.TrimEnd(' ').Length, 0, 7);
        }
    }

    [Fact]
    public void Other_metadata_of_the_same_length_moves_nothing()
    {
        var layout = SafetensorsLayout.Create([("a", TensorType.Float16, [5])], new Dictionary<string, string> { ["hash"] = "0000" });
        SafetensorsLayout other = layout.WithMetadata(new Dictionary<string, string> { ["hash"] = "beef" });
        Assert.Equal(layout.Tensors, other.Tensors);
        Assert.Equal(layout.FileLength, other.FileLength);
        Assert.Contains("\"beef\"", HeaderOf(other), StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_laid_out_is_read_back() =>
        Property.Holds(
            Gen.Select(Tensor.Array[0, 8], Gen.Dictionary(Text, Text)[0, 5]),
            1000,
            static sample =>
            {
                (string Name, TensorType Type, IReadOnlyList<long> Shape)[] tensors = sample
                    .Item1.DistinctBy(static tensor => tensor.Name)
                    .ToArray();
                var layout = SafetensorsLayout.Create(tensors, sample.Item2);
                var header = SafetensorsHeader.Parse(layout.Prefix.Span[sizeof(ulong)..], layout.DataLength, "laid-out.safetensors");
                Assert.Equal(layout.Tensors.Select(Describe).Order(), header.Tensors.Select(Describe).Order());
                Assert.Equal(
                    tensors.Select(static tensor => (tensor.Name, tensor.Type, string.Join(',', tensor.Shape))).Order(),
                    header.Tensors.Select(static tensor => (tensor.Name, tensor.Type, string.Join(',', tensor.Shape))).Order()
                );
                Assert.Equal(
                    sample.Item2.OrderBy(static pair => pair.Key, StringComparer.Ordinal),
                    header.Metadata.OrderBy(static pair => pair.Key, StringComparer.Ordinal)
                );
                Assert.NotNull(JsonDocument.Parse(layout.Prefix[sizeof(ulong)..]));
            }
        );

    private static (string, TensorType, string, long, long) Describe(TensorEntry tensor) =>
        (tensor.Name, tensor.Type, tensor.ShapeText, tensor.Start, tensor.End);

    private static string HeaderOf(SafetensorsLayout layout) => Encoding.UTF8.GetString(layout.Prefix.Span[sizeof(ulong)..]);
}
