using System.Buffers.Binary;
using System.Text;
using ResizeLora.Files;

namespace ResizeLora.Tests.Safetensors;

/// <summary>Every way in which a file can be wrong is refused with an error that names the file and the defect.</summary>
public sealed class MalformedFileTests : IDisposable
{
    private const string One = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""";

    private static readonly Dictionary<string, (byte[] File, SafetensorsDefect Defect)> Cases = new()
    {
        ["empty"] = ([], SafetensorsDefect.Empty),
        ["seven bytes"] = (new byte[7], SafetensorsDefect.HeaderTooSmall),
        ["header of no bytes"] = (Length(0, 10), SafetensorsDefect.Zeros),
        ["header of one byte"] = (Length(1, 10), SafetensorsDefect.InvalidHeaderLength),
        ["header over 100 MB"] = (Length(100_000_001, 10), SafetensorsDefect.InvalidHeaderLength),
        ["header length that is negative as a signed number"] = (Length(ulong.MaxValue, 10), SafetensorsDefect.InvalidHeaderLength),
        ["a pickle in a zip archive"] = (Encoding.ASCII.GetBytes("PK\u0003\u0004 archive/data.pkl"), SafetensorsDefect.Pickle),
        ["header of 100 MB in a short file"] = (Length(100_000_000, 10), SafetensorsDefect.HeaderPastEnd),
        ["header one byte past the end"] = (Length(11, 10), SafetensorsDefect.HeaderPastEnd),

        ["not UTF-8 in a name"] = (
            SampleFiles.Raw("{\"a\u00ff\":1}"u8.ToArray().Where(static value => value != 0xC3).ToArray(), []),
            SafetensorsDefect.InvalidHeaderEncoding
        ),
        ["overlong UTF-8"] = (SampleFiles.Raw([.. "{\""u8, 0xC0, 0xAF, .. "\":1}"u8], []), SafetensorsDefect.InvalidHeaderEncoding),
        ["a surrogate as UTF-8"] = (
            SampleFiles.Raw([.. "{\""u8, 0xED, 0xA0, 0x80, .. "\":1}"u8], []),
            SafetensorsDefect.InvalidHeaderEncoding
        ),
        ["UTF-8 cut off"] = (SampleFiles.Raw([.. "{}"u8, 0xE2, 0x82], []), SafetensorsDefect.InvalidHeaderEncoding),

        ["an array"] = (SampleFiles.Raw("[]"), SafetensorsDefect.InvalidHeader),
        ["a string"] = (SampleFiles.Raw("\"a\""), SafetensorsDefect.InvalidHeader),
        ["null"] = (SampleFiles.Raw("null"), SafetensorsDefect.InvalidHeader),
        ["a blank before the object"] = (SampleFiles.Raw(" {}"), SafetensorsDefect.InvalidHeader),
        ["a byte order mark before the object"] = (SampleFiles.Raw("\uFEFF{}"), SafetensorsDefect.InvalidHeader),
        ["an object without end"] = (SampleFiles.Raw(One, 8), SafetensorsDefect.InvalidHeader),
        ["two objects"] = (SampleFiles.Raw("{}{}"), SafetensorsDefect.InvalidHeader),
        ["zero bytes behind the object"] = (SampleFiles.Raw("{}\0\0"), SafetensorsDefect.InvalidHeader),
        ["a comma at the end"] = (SampleFiles.Raw(One + ",}", 8), SafetensorsDefect.InvalidHeader),
        ["a comment"] = (SampleFiles.Raw("{/* none */}"), SafetensorsDefect.InvalidHeader),
        ["half a surrogate pair in a name"] = (
            SampleFiles.Raw("""{"\ud800":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4),
            SafetensorsDefect.InvalidHeader
        ),
        ["arrays nested to absurdity"] = (SampleFiles.Raw("{\"a\":" + new string('[', 1_000_000)), SafetensorsDefect.InvalidHeader),
        ["objects nested to absurdity"] = (SampleFiles.Raw(Repeat("{\"a\":", 200_000)), SafetensorsDefect.InvalidHeader),
        ["nesting in a property that is not looked at"] = (
            SampleFiles.Raw(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"note\":"
                    + new string('[', 100_000)
                    + new string(']', 100_000)
                    + "}}",
                8
            ),
            SafetensorsDefect.InvalidHeader
        ),

        ["a name given twice"] = (
            SampleFiles.Raw(One + ""","a":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}""", 12),
            SafetensorsDefect.DuplicateTensor
        ),
        ["a name given twice, once escaped"] = (
            SampleFiles.Raw(One + ",\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}}", 12),
            SafetensorsDefect.DuplicateTensor
        ),
        ["metadata given twice"] = (SampleFiles.Raw("""{"__metadata__":{},"__metadata__":{}}"""), SafetensorsDefect.DuplicateTensor),

        ["metadata that is a string"] = (SampleFiles.Raw("""{"__metadata__":"a"}"""), SafetensorsDefect.InvalidMetadata),
        ["metadata that is an array"] = (SampleFiles.Raw("""{"__metadata__":["a"]}"""), SafetensorsDefect.InvalidMetadata),
        ["a number in the metadata"] = (SampleFiles.Raw("""{"__metadata__":{"a":1}}"""), SafetensorsDefect.InvalidMetadata),
        ["null in the metadata"] = (SampleFiles.Raw("""{"__metadata__":{"a":null}}"""), SafetensorsDefect.InvalidMetadata),
        ["an object in the metadata"] = (SampleFiles.Raw("""{"__metadata__":{"a":{"b":"c"}}}"""), SafetensorsDefect.InvalidMetadata),
        ["a metadata key given twice"] = (SampleFiles.Raw("""{"__metadata__":{"a":"1","a":"2"}}"""), SafetensorsDefect.InvalidMetadata),

        ["an unknown type"] = (Tensor("\"F17\"", "[2]", "[0,8]"), SafetensorsDefect.UnknownType),
        ["a type in lower case"] = (Tensor("\"f32\"", "[2]", "[0,8]"), SafetensorsDefect.UnknownType),
        ["an empty type"] = (Tensor("\"\"", "[2]", "[0,8]"), SafetensorsDefect.UnknownType),
        ["a type that is a number"] = (Tensor("32", "[2]", "[0,8]"), SafetensorsDefect.UnknownType),

        ["a shape product over 64 bits"] = (Tensor("\"U8\"", "[4294967296,4294967296]", "[0,8]"), SafetensorsDefect.SizeOverflow),
        ["a shape product that wraps around to the right size"] = (
            Tensor("\"U8\"", "[9223372036854775807,2,9223372036854775807,8]", "[0,8]"),
            SafetensorsDefect.SizeOverflow
        ),
        ["a byte count over 64 bits"] = (Tensor("\"F64\"", "[2305843009213693952]", "[0,8]"), SafetensorsDefect.SizeOverflow),
        ["an overflow behind a zero"] = (Tensor("\"F32\"", "[4611686018427387904,4,0]", "[0,0]", 0), SafetensorsDefect.SizeOverflow),
        ["a dimension over 64 bits"] = (Tensor("\"F32\"", "[18446744073709551618]", "[0,8]"), SafetensorsDefect.SizeOverflow),
        ["an offset over 64 bits"] = (Tensor("\"F32\"", "[2]", "[0,18446744073709551624]"), SafetensorsDefect.SizeOverflow),

        ["reversed offsets"] = (Tensor("\"F32\"", "[2]", "[8,0]"), SafetensorsDefect.InvalidOffset),
        ["tensors that overlap in part"] = (Two("[0,8]", "[4,12]", 12), SafetensorsDefect.InvalidOffset),
        ["tensors that share all their bytes"] = (Two("[0,8]", "[0,8]", 8), SafetensorsDefect.InvalidOffset),
        ["an empty tensor inside another"] = (
            SampleFiles.Raw(One + ""","b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}""", 8),
            SafetensorsDefect.InvalidOffset
        ),
        ["a hole before the first tensor"] = (Tensor("\"F32\"", "[2]", "[4,12]", 12), SafetensorsDefect.InvalidOffset),
        ["a hole between tensors"] = (Two("[0,8]", "[12,20]", 20), SafetensorsDefect.InvalidOffset),
        ["offsets past the end"] = (Two("[0,8]", "[8,16]", 12), SafetensorsDefect.Truncated),
        ["no data at all"] = (Tensor("\"F32\"", "[2]", "[0,8]", 0), SafetensorsDefect.Truncated),
        ["a byte behind the last tensor"] = (Tensor("\"F32\"", "[2]", "[0,8]", 9), SafetensorsDefect.IncompleteData),
        ["data without tensors"] = (SampleFiles.Raw("{}", 1), SafetensorsDefect.IncompleteData),

        ["more bytes than shape and type ask for"] = (Tensor("\"F16\"", "[2]", "[0,8]"), SafetensorsDefect.SizeMismatch),
        ["fewer bytes than shape and type ask for"] = (Tensor("\"F64\"", "[2]", "[0,8]"), SafetensorsDefect.SizeMismatch),
        ["an empty tensor with bytes"] = (Tensor("\"F32\"", "[2,0]", "[0,8]"), SafetensorsDefect.SizeMismatch),
        ["half a byte of packed numbers"] = (Tensor("\"F4\"", "[15]", "[0,8]"), SafetensorsDefect.SizeMismatch),

        ["a tensor that is no object"] = (SampleFiles.Raw("""{"a":[0,8]}""", 8), SafetensorsDefect.InvalidHeader),
        ["a tensor without type"] = (SampleFiles.Raw("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8), SafetensorsDefect.InvalidHeader),
        ["a tensor without shape"] = (
            SampleFiles.Raw("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", 8),
            SafetensorsDefect.InvalidHeader
        ),
        ["a tensor without offsets"] = (SampleFiles.Raw("""{"a":{"dtype":"F32","shape":[2]}}""", 8), SafetensorsDefect.InvalidHeader),
        ["a tensor with two shapes"] = (
            SampleFiles.Raw("""{"a":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}""", 8),
            SafetensorsDefect.InvalidHeader
        ),
        ["one offset"] = (Tensor("\"F32\"", "[2]", "[8]"), SafetensorsDefect.InvalidHeader),
        ["three offsets"] = (Tensor("\"F32\"", "[2]", "[0,8,16]"), SafetensorsDefect.InvalidHeader),
        ["a negative dimension"] = (Tensor("\"F32\"", "[-1,-2]", "[0,8]"), SafetensorsDefect.InvalidHeader),
        ["a negative offset"] = (Tensor("\"F32\"", "[2]", "[-8,0]"), SafetensorsDefect.InvalidHeader),
        ["a dimension in quotes"] = (Tensor("\"F32\"", "[\"2\"]", "[0,8]"), SafetensorsDefect.InvalidHeader),
        ["a shape that is a number"] = (Tensor("\"F32\"", "2", "[0,8]"), SafetensorsDefect.InvalidHeader),
        ["a shape within a shape"] = (Tensor("\"F32\"", "[[2]]", "[0,8]"), SafetensorsDefect.InvalidHeader),
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_malformed_file_is_refused_with_its_name_and_its_defect(string name)
    {
        (byte[] file, SafetensorsDefect defect) = Cases[name];
        string path = folder.PathOf("malformed.safetensors");
        File.WriteAllBytes(path, file);
        SafetensorsException exception = Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.Equal(defect, exception.Defect);
        Assert.Contains($"'{path}'", exception.Message, StringComparison.Ordinal);
        Assert.Equal(path, exception.Path);
        Assert.Equal($"Safetensors{defect}", exception.ErrorId);
    }

    [Fact]
    public void Every_defect_that_a_header_can_have_is_in_the_table() =>
        Assert.Equal(
            Enum.GetValues<SafetensorsDefect>().Except([SafetensorsDefect.FileShrank]),
            Cases.Values.Select(static value => value.Defect).Concat(ForeignContentTests.Defects).Distinct().Order()
        );

    [Fact]
    public void A_refused_file_is_closed()
    {
        string path = folder.PathOf("refused.safetensors");
        File.WriteAllBytes(path, SampleFiles.Raw("[]"));
        Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(path).Dispose());
        using FileStream exclusive = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(exclusive.CanWrite);
    }

    [Theory]
    [InlineData("header of 100 MB in a short file")]
    [InlineData("a byte count over 64 bits")]
    [InlineData("offsets past the end")]
    public void No_memory_is_taken_for_what_a_header_only_claims(string name)
    {
        string path = folder.PathOf("claims.safetensors");
        File.WriteAllBytes(path, Cases[name].File);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 18);
    }

    [UnixFact]
    public void A_file_that_shrinks_while_it_is_read_is_an_error_and_no_crash()
    {
        string path = folder.PathOf("shrinking.safetensors");
        SampleFiles.Write(
            path,
            [
                SampleTensor.Of("a", TensorType.Float32, [1000], new double[1000]),
                SampleTensor.Of("b", TensorType.Float32, [1000], new double[1000]),
            ]
        );
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using (var writer = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            writer.SetLength(file.Length - 6000);
        }

        TensorEntry[] tensors = [.. file.Header.Tensors];
        foreach (TensorEntry tensor in tensors)
        {
            SafetensorsException exception = Assert.Throws<SafetensorsException>(() => file.Read(tensor));
            Assert.Equal(SafetensorsDefect.FileShrank, exception.Defect);
            Assert.Contains($"'{path}'", exception.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] Length(ulong headerLength, int following)
    {
        byte[] file = new byte[sizeof(ulong) + following];
        BinaryPrimitives.WriteUInt64LittleEndian(file, headerLength);
        return file;
    }

    private static byte[] Tensor(string type, string shape, string offsets, int dataLength = 8) =>
        SampleFiles.Raw($"{{\"a\":{{\"dtype\":{type},\"shape\":{shape},\"data_offsets\":{offsets}}}}}", dataLength);

    private static byte[] Two(string first, string second, int dataLength) =>
        SampleFiles.Raw(
            $"{{\"a\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":{first}}},\"b\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":{second}}}}}",
            dataLength
        );

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
