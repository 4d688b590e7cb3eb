using ResizeLora.Files;

namespace ResizeLora.Tests.Files;

/// <summary>Every way in which a GGUF file can be wrong is refused with an error that names the file and the defect.</summary>
public sealed class MalformedGgufTests : IDisposable
{
    private const ulong Enormous = 1UL << 60;

    private static readonly Dictionary<string, (byte[] File, GgufDefect Defect)> Cases = new()
    {
        ["empty"] = ([], GgufDefect.Empty),
        ["three bytes"] = ("GGU"u8.ToArray(), GgufDefect.NotGguf),
        ["another magic"] = ([.. "GGML"u8, .. Good()[4..]], GgufDefect.NotGguf),
        ["the magic alone"] = ("GGUF"u8.ToArray(), GgufDefect.Truncated),
        ["version 1"] = (new SampleGguf { Version = 1 }.ToBytes(), GgufDefect.UnsupportedVersion),
        ["version 4"] = (new SampleGguf { Version = 4 }.ToBytes(), GgufDefect.UnsupportedVersion),
        ["version 0"] = (new SampleGguf { Version = 0 }.ToBytes(), GgufDefect.UnsupportedVersion),
        ["big-endian"] = (new SampleGguf { Version = 0x03000000 }.ToBytes(), GgufDefect.BigEndian),

        ["2^60 tensors"] = (Start(Enormous, 0), GgufDefect.InvalidHeader),
        ["2^60 pairs"] = (Start(0, Enormous), GgufDefect.InvalidHeader),
        ["more tensors than the file has room for"] = (Start(1000, 0), GgufDefect.Truncated),
        ["counts that are negative as signed numbers"] = (Start(ulong.MaxValue, ulong.MaxValue), GgufDefect.InvalidHeader),
        ["a key of 2^60 bytes"] = ([.. Start(0, 1), .. SampleGguf.Number64(Enormous), .. new byte[100]], GgufDefect.InvalidHeader),
        ["a key of 65,536 bytes"] = (new SampleGguf().Pair(new string('k', 65_536), "v").ToBytes(), GgufDefect.InvalidHeader),
        ["a key past the end"] = ([.. Start(0, 1), .. SampleGguf.Number64(60_000), .. new byte[100]], GgufDefect.Truncated),
        ["a key that is not UTF-8"] = (
            [.. Start(0, 1), .. SampleGguf.Number64(2), 0xC0, 0xAF, .. SampleGguf.Number32(7), 1],
            GgufDefect.InvalidHeader
        ),
        ["a key given twice"] = (new SampleGguf().Pair("k", "v").Pair("k", "w").ToBytes(), GgufDefect.InvalidHeader),
        ["a text of 2^60 bytes"] = (new SampleGguf().Pair("k", 8, SampleGguf.Number64(Enormous)).ToBytes(), GgufDefect.InvalidHeader),
        ["a kept text of 2^60 bytes"] = (
            new SampleGguf().Pair("general.name", 8, SampleGguf.Number64(Enormous)).ToBytes(),
            GgufDefect.InvalidHeader
        ),
        ["a value of an unknown type"] = (new SampleGguf().Pair("k", 13, new byte[8]).ToBytes(), GgufDefect.InvalidHeader),
        ["an array of an unknown type"] = (Array(99, 2), GgufDefect.InvalidHeader),
        ["2^60 numbers"] = (Array(4, Enormous), GgufDefect.InvalidHeader),
        ["2^64 - 1 numbers"] = (Array(12, ulong.MaxValue), GgufDefect.InvalidHeader),
        ["2^60 texts"] = (Array(8, Enormous), GgufDefect.Truncated),
        ["2^60 arrays"] = (Array(9, Enormous), GgufDefect.Truncated),
        ["arrays nested to absurdity"] = (
            new SampleGguf().Pair("k", 9, [.. Enumerable.Repeat(Nest(), 1000).SelectMany(static bytes => bytes)]).ToBytes(),
            GgufDefect.InvalidHeader
        ),
        ["an alignment of 0"] = (Aligned(0), GgufDefect.InvalidHeader),
        ["an alignment of 24"] = (Aligned(24), GgufDefect.InvalidHeader),
        ["an alignment that is a text"] = (new SampleGguf().Pair("general.alignment", "32").ToBytes(), GgufDefect.InvalidHeader),

        ["a name given twice"] = (
            new SampleGguf().Of("a", GgufType.F32, [1], [1]).Of("a", GgufType.F32, [1], [1]).ToBytes(),
            GgufDefect.DuplicateTensor
        ),
        ["a name of 2^60 bytes"] = ([.. Start(1, 0), .. SampleGguf.Number64(Enormous), .. new byte[100]], GgufDefect.InvalidHeader),
        ["9 dimensions"] = (Tensor([1, 1, 1, 1, 1, 1, 1, 1, 1], GgufType.F32, 0), GgufDefect.InvalidHeader),
        ["a dimension over 63 bits"] = (Tensor([ulong.MaxValue], GgufType.F32, 0), GgufDefect.SizeOverflow),
        ["a shape product over 64 bits"] = (Tensor([1UL << 32, 1UL << 32], GgufType.F16, 0), GgufDefect.SizeOverflow),
        ["a byte count over 64 bits"] = (Tensor([1UL << 61], GgufType.F64, 0), GgufDefect.SizeOverflow),
        ["an end over 64 bits"] = (Tensor([1UL << 62], GgufType.Q8_0, 1UL << 62), GgufDefect.SizeOverflow),
        ["a row that is not whole blocks"] = (Tensor([48, 2], GgufType.Q8_0, 0), GgufDefect.PartialBlock),
        ["a row that is not whole long blocks"] = (Tensor([128, 2], GgufType.Q6_K, 0), GgufDefect.PartialBlock),
        ["a quantised scalar"] = (Tensor([], GgufType.Q4_0, 0), GgufDefect.PartialBlock),
        ["an offset past the end"] = (Tensor([4], GgufType.F32, 1 << 20), GgufDefect.Truncated),
        ["an unreadable tensor past the end"] = (Tensor([256], GgufType.IQ2_XXS, 1 << 20), GgufDefect.Truncated),
        ["an offset over 63 bits"] = (Tensor([4], GgufType.F32, 1UL << 63), GgufDefect.InvalidOffset),
        ["an offset that is not aligned"] = (Tensor([4], GgufType.F32, 4), GgufDefect.InvalidOffset),
        ["a length past the end"] = (Tensor([4000], GgufType.F32, 0), GgufDefect.Truncated),
        ["tensors that overlap"] = (Two(32), GgufDefect.InvalidOffset),
        ["tensors that share all their bytes"] = (Two(0), GgufDefect.InvalidOffset),
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_malformed_file_is_refused_with_its_name_and_its_defect(string name)
    {
        (byte[] bytes, GgufDefect defect) = Cases[name];
        string path = folder.PathOf("malformed.gguf");
        File.WriteAllBytes(path, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        GgufException exception = Assert.Throws<GgufException>(() => GgufFile.Open(path).Dispose());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 19);
        Assert.Equal(defect, exception.Defect);
        Assert.Contains($"'{path}'", exception.Message, StringComparison.Ordinal);
        Assert.Equal((path, $"Gguf{defect}"), (exception.Path, exception.ErrorId));
        using FileStream exclusive = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(exclusive.CanWrite);
    }

    [Fact]
    public void Every_defect_that_a_file_can_have_is_in_the_table() =>
        Assert.Equal(
            Enum.GetValues<GgufDefect>().Except([GgufDefect.FileShrank]),
            Cases.Values.Select(static value => value.Defect).Distinct().Order()
        );

    [Fact]
    public void A_file_cut_off_anywhere_is_truncated()
    {
        byte[] whole = Good();
        string path = folder.PathOf("cut.gguf");

        // The padding behind the last tensor may be missing.
        for (int length = 4; length < whole.Length - 16; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Equal(GgufDefect.Truncated, Assert.Throws<GgufException>(() => GgufFile.Open(path).Dispose()).Defect);
        }

        File.WriteAllBytes(path, whole[..^16]);
        using var file = GgufFile.Open(path);
        Assert.All(file.Header.Tensors, tensor => Assert.Equal(tensor.ByteLength, file.Read(tensor).Length));
    }

    [Fact]
    public void A_damaged_header_is_refused_by_the_documented_exception_or_is_right_after_all()
    {
        byte[] whole = Good();
        int headerLength = GoodSample().Header().Length;
        var random = new Random(20_260_503);
        int refused = 0;
        for (int index = 0; index < 1000; index++)
        {
            byte[] bytes = [.. whole];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                int position = random.Next(4, headerLength);
                bytes[position] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)(bytes[position] ^ (1 << random.Next(8))),
                    _ => 0xFF,
                };
            }

            string path = folder.PathOf("fuzzed.gguf");
            File.WriteAllBytes(path, bytes);
            Exception? exception = Record.Exception(() =>
            {
                using var file = GgufFile.Open(path);
                Assert.All(file.Header.Tensors, tensor => Assert.Equal(tensor.ByteLength, file.Read(tensor).Length));
            });
            Assert.True(exception is null or GgufException, $"Case {index} ended in {exception}");
            refused += exception is null ? 0 : 1;
        }

        Assert.InRange(refused, 300, 999);
    }

    [UnixFact]
    public void A_file_that_shrinks_while_it_is_read_is_an_error_and_no_crash()
    {
        string path = new SampleGguf()
            .Of("a", GgufType.F32, [1000], new double[1000])
            .Of("b", GgufType.Q8_0, [10, 320], new double[3200])
            .Write(folder.PathOf("shrinking.gguf"));
        using var file = GgufFile.Open(path);
        using (var writer = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            writer.SetLength(2000);
        }

        TensorEntry[] tensors = [.. file.Header.Tensors];
        foreach (TensorEntry tensor in tensors)
        {
            Assert.Equal(GgufDefect.FileShrank, Assert.Throws<GgufException>(() => file.Read(tensor)).Defect);
        }

        Assert.True(file.HasChanged());
    }

    private static SampleGguf GoodSample() =>
        new SampleGguf()
            .Pair("general.architecture", "sdxl")
            .Pair("comfy.gguf.orig_shape.b", 4, 8)
            .Pair("tokens", 9, [.. SampleGguf.Number32(8), .. SampleGguf.Number64(1), .. SampleGguf.Text("word")])
            .Of("a", GgufType.Q8_0, [1, 32], new double[32])
            .Of("b", GgufType.Q4_0, [1, 32], new double[32])
            .Of("c", GgufType.F32, [4], new double[4]);

    private static byte[] Good() => GoodSample().ToBytes();

    private static byte[] Start(ulong tensors, ulong pairs) =>
        [.. "GGUF"u8, .. SampleGguf.Number32(3), .. SampleGguf.Number64(tensors), .. SampleGguf.Number64(pairs)];

    private static byte[] Array(uint type, ulong count) =>
        new SampleGguf().Pair("k", 9, [.. SampleGguf.Number32(type), .. SampleGguf.Number64(count)]).ToBytes();

    private static byte[] Nest() => [.. SampleGguf.Number32(9), .. SampleGguf.Number64(1)];

    private static byte[] Aligned(uint alignment) =>
        new SampleGguf().Pair("general.alignment", SampleGguf.UInt32Value, SampleGguf.Number32(alignment)).ToBytes();

    // One tensor of dimensions as they stand in the file, innermost first, and 256 bytes behind the header.
    private static byte[] Tensor(ulong[] dimensions, GgufType type, ulong offset) =>
        [.. Start(1, 0), .. Entry("a", dimensions, type, offset), .. new byte[256]];

    private static byte[] Two(ulong offset) =>
        [.. Start(2, 0), .. Entry("a", [16], GgufType.F32, 0), .. Entry("b", [16], GgufType.F32, offset), .. new byte[256]];

    private static byte[] Entry(string name, ulong[] dimensions, GgufType type, ulong offset) =>
        [
            .. SampleGguf.Text(name),
            .. SampleGguf.Number32((uint)dimensions.Length),
            .. dimensions.SelectMany(SampleGguf.Number64),
            .. SampleGguf.Number32((uint)type),
            .. SampleGguf.Number64(offset),
        ];
}
