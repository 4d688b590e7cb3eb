using System.Runtime.InteropServices;
using ResizeLora.Files;

namespace ResizeLora.Tests.Files;

/// <summary>What a well-formed GGUF file holds is found and read, in any part and from any thread.</summary>
public sealed class GgufFileTests : IDisposable
{
    private static readonly GgufType[] Quantised =
    [
        GgufType.Q4_0,
        GgufType.Q4_1,
        GgufType.Q5_0,
        GgufType.Q5_1,
        GgufType.Q8_0,
        GgufType.IQ4_NL,
        GgufType.Q2_K,
        GgufType.Q3_K,
        GgufType.Q4_K,
        GgufType.Q5_K,
        GgufType.Q6_K,
        GgufType.IQ4_XS,
    ];

    // The types of values that are numbers, and their sizes.
    private static readonly (uint Type, int Length)[] NumberValues =
    [
        (0, 1),
        (1, 1),
        (2, 2),
        (3, 2),
        (4, 4),
        (5, 4),
        (6, 4),
        (7, 1),
        (10, 8),
        (11, 8),
        (12, 8),
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Tensors_have_their_shapes_outermost_first_and_their_numbers(uint version)
    {
        double[] numbers = [.. Enumerable.Range(0, 6).Select(static index => index * 0.5)];
        string path = new SampleGguf { Version = version }
            .Pair("general.architecture", "flux")
            .Of("single", GgufType.F32, [2, 3], numbers)
            .Of("half", GgufType.F16, [3, 2], numbers)
            .Of("brain", GgufType.BF16, [6], numbers)
            .Of("double", GgufType.F64, [1, 2, 3], numbers)
            .Write(folder.PathOf("plain.gguf"));
        using var file = GgufFile.Open(path);
        Assert.Equal((path, new FileInfo(path).Length), (file.Path, file.Length));
        Assert.Equal(File.GetLastWriteTimeUtc(path), file.LastWriteTime);
        Assert.Equal("flux", file.Header.Metadata["general.architecture"]);
        Assert.Empty(file.Unsupported);
        Assert.Equal(
            ["single Float32 [2, 3]", "half Float16 [3, 2]", "brain BFloat16 [6]", "double Float64 [1, 2, 3]"],
            file.Header.Tensors.Select(static tensor => $"{tensor.Name} {tensor.Type} {tensor.ShapeText}")
        );
        Assert.All(file.Header.Tensors, tensor => Assert.Equal(numbers, ScalarFloat.DecodeAll(tensor.Type, file.Read(tensor))));
        Assert.Null(file.Find("Single"));
        Assert.False(file.HasChanged());
    }

    [Theory]
    [InlineData(GgufType.Q8_0, 0.5 / 127)]
    [InlineData(GgufType.Q4_0, 1.0 / 8)]
    public void Quantised_numbers_come_back_within_a_step(object type, double step)
    {
        double[] numbers = new Gaussian(7).Numbers(64 * 96);
        using GgufFile file = Open(new SampleGguf().Of("w", (GgufType)type, [96, 64], numbers));
        TensorEntry tensor = Assert.Single(file.Header.Tensors);
        Assert.Equal((TensorType.Float32, "[96, 64]", 4L * numbers.Length), (tensor.Type, tensor.ShapeText, tensor.ByteLength));
        double[] read = ScalarFloat.DecodeAll(TensorType.Float32, file.Read(tensor));
        for (int start = 0; start < numbers.Length; start += 32)
        {
            double allowed = 1.01 * step * numbers[start..(start + 32)].Max(Math.Abs);
            Assert.All(Enumerable.Range(start, 32), index => Assert.InRange(read[index] - numbers[index], -allowed, allowed));
        }
    }

    [Fact]
    public void Positions_are_those_of_decoded_tensors_without_holes_in_the_order_of_the_file()
    {
        using GgufFile file = Open(Mixed());
        long position = 0;
        foreach (TensorEntry tensor in file.Header.Tensors)
        {
            Assert.Equal(position, tensor.Start);
            Assert.Equal(tensor.ElementCount * TensorTypes.BytesOf(tensor.Type), tensor.ByteLength);
            position = tensor.End;
        }

        Assert.Equal(position, TensorPieces.DataLengthOf(file));
        byte[] whole = [.. file.Header.Tensors.SelectMany(file.Read)];
        var sampled = new List<byte>();
        TensorPieces.ReadSample(file, 1000, bytes => sampled.AddRange(bytes));
        Assert.Equal(whole, sampled);
    }

    [Fact]
    public void Any_part_of_a_tensor_is_the_same_as_in_the_whole()
    {
        using GgufFile file = Open(Mixed());
        var random = new Random(20_260_502);
        foreach (TensorEntry tensor in file.Header.Tensors)
        {
            byte[] whole = file.Read(tensor);
            for (int repeat = 0; repeat < 100; repeat++)
            {
                int start = random.Next(whole.Length + 1);
                byte[] part = new byte[random.Next(whole.Length - start + 1)];
                file.Read(tensor, part, start);
                Assert.Equal(whole[start..(start + part.Length)], part);
            }
        }
    }

    [Fact]
    public void A_tensor_longer_than_a_piece_is_read_whole_and_by_rows_on_several_threads()
    {
        const int rows = 300;
        const int columns = 4096;
        byte[] blocks = RandomBlocks(GgufType.Q4_K, rows * columns, 11);
        using GgufFile file = Open(new SampleGguf().Raw("w", GgufType.Q4_K, [rows, columns], blocks));
        TensorEntry tensor = file.Find("w")!;
        byte[] whole = file.Read(tensor);
        float[] block = new float[256];
        for (int index = 0; index < rows * columns / 256; index++)
        {
            GgufBlocks.Q4_K(blocks.AsSpan(index * 144, 144), block);
            Assert.Equal(MemoryMarshal.AsBytes(block.AsSpan()), whole.AsSpan(index * 1024, 1024));
        }

        Parallel.For(
            0,
            rows,
            row =>
            {
                byte[] bytes = new byte[columns * 4];
                file.Read(tensor, bytes, row * (long)bytes.Length);
                Assert.Equal(whole.AsSpan(row * bytes.Length, bytes.Length), bytes.AsSpan());
            }
        );
    }

    [Fact]
    public void Reading_rows_takes_no_memory_per_block()
    {
        using GgufFile file = Open(new SampleGguf().Raw("w", GgufType.Q8_0, [64, 4096], RandomBlocks(GgufType.Q8_0, 64 * 4096, 12)));
        TensorEntry tensor = file.Find("w")!;
        byte[] bytes = new byte[tensor.ByteLength];
        file.Read(tensor, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        file.Read(tensor, bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 18);
    }

    [Fact]
    public void The_original_shape_is_used_where_it_has_the_same_count()
    {
        using GgufFile file = Open(
            new SampleGguf()
                .Pair("comfy.gguf.orig_shape.conv", 16, 4, 2, 2)
                .Pair("comfy.gguf.orig_shape.other", 3, 3)
                .Pair("comfy.gguf.orig_shape.negative", -16, -16)
                .Pair("comfy.gguf.orig_shape.huge", int.MaxValue, int.MaxValue, int.MaxValue, 4)
                .Pair("comfy.gguf.orig_shape.absent", 2)
                .Pair("comfy.gguf.orig_shape.text", "16, 16")
                .Of("conv", GgufType.Q8_0, [1, 256], new double[256])
                .Of("other", GgufType.F32, [2, 4], new double[8])
                .Of("negative", GgufType.F16, [1, 256], new double[256])
                .Of("huge", GgufType.F16, [4], new double[4])
                .Of("text", GgufType.F16, [1, 256], new double[256])
        );
        Assert.Equal(
            ["[16, 4, 2, 2]", "[2, 4]", "[1, 256]", "[4]", "[1, 256]"],
            file.Header.Tensors.Select(static tensor => tensor.ShapeText)
        );
    }

    [Fact]
    public void Values_of_every_type_are_passed_over_and_texts_about_the_model_kept()
    {
        byte[] texts = [.. SampleGguf.Number32(8), .. SampleGguf.Number64(2), .. SampleGguf.Text("a"), .. SampleGguf.Text("bc")];
        byte[] nested = [.. SampleGguf.Number32(9), .. SampleGguf.Number64(2), .. texts, .. texts];
        var sample = new SampleGguf().Pair("general.name", "naïve").Pair("other.text", "left out").Pair("n", 9, nested).Pair("t", 9, texts);
        foreach ((uint type, int length) in NumberValues)
        {
            sample.Pair($"value{type}", type, new byte[length]);
            sample.Pair($"array{type}", 9, [.. SampleGguf.Number32(type), .. SampleGguf.Number64(3), .. new byte[3 * length]]);
        }

        sample.Pair("general.long", new string('x', 70_000)).Pair("general.last", "end").Of("w", GgufType.F32, [1], [42]);
        using GgufFile file = Open(sample);
        Assert.Equal([42.0], ScalarFloat.DecodeAll(TensorType.Float32, file.Read(file.Find("w")!)));
        Assert.Equal(
            ["general.last=end", "general.name=naïve"],
            file.Header.Metadata.Select(static pair => $"{pair.Key}={pair.Value}").Order()
        );
    }

    [Fact]
    public void A_vocabulary_of_150_000_words_is_passed_over_quickly_and_not_kept()
    {
        byte[] words = [.. SampleGguf.Number32(8), .. SampleGguf.Number64(150_000), .. Words(150_000)];
        string path = new SampleGguf()
            .Pair("tokenizer.ggml.tokens", 9, words)
            .Of("w", GgufType.F32, [1], [1])
            .Write(folder.PathOf("vocabulary.gguf"));
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var file = GgufFile.Open(path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 18);
        Assert.Single(file.Header.Tensors);
        Assert.Empty(file.Header.Metadata);
    }

    [Fact]
    public void Another_alignment_moves_the_data()
    {
        SampleGguf sample = new SampleGguf()
            .Pair("general.alignment", SampleGguf.UInt32Value, SampleGguf.Number32(256))
            .Of("w", GgufType.F32, [1], [7]);
        byte[] header = sample.Header();
        string path = folder.PathOf("aligned.gguf");
        File.WriteAllBytes(path, [.. header, .. new byte[256 - header.Length], .. SampleGguf.Encode(GgufType.F32, [7])]);
        using var file = GgufFile.Open(path);
        Assert.Equal([7.0], ScalarFloat.DecodeAll(TensorType.Float32, file.Read(file.Find("w")!)));
    }

    [Fact]
    public void Types_that_cannot_be_read_are_named_and_the_rest_is_read()
    {
        using GgufFile file = Open(
            new SampleGguf()
                .Raw("a", GgufType.IQ2_XXS, [1, 256], new byte[66])
                .Of("b", GgufType.F32, [2], [1, 2])
                .Raw("c", (GgufType)777, [1, 256], new byte[10])
                .Raw("d", GgufType.I32, [2], new byte[8])
        );
        Assert.Equal([("a", "IQ2_XXS"), ("c", "type 777")], file.Unsupported);
        Assert.Equal(
            ["b Float32 0", "d Int32 8"],
            file.Header.Tensors.Select(static tensor => $"{tensor.Name} {tensor.Type} {tensor.Start}")
        );
    }

    [Fact]
    public void Scalars_tensors_without_elements_and_files_without_tensors_are_valid()
    {
        using GgufFile file = Open(
            new SampleGguf()
                .Of("scalar", GgufType.F32, [], [3])
                .Of("none", GgufType.Q8_0, [0, 32], [])
                .Of("video", GgufType.F16, [1, 1, 1, 1, 2], [1, 2])
        );
        Assert.Equal(["[]", "[0, 32]", "[1, 1, 1, 1, 2]"], file.Header.Tensors.Select(static tensor => tensor.ShapeText));
        Assert.Empty(file.Read(file.Find("none")!));
        using var empty = GgufFile.Open(new SampleGguf().Write(folder.PathOf("empty.gguf")));
        Assert.Empty(empty.Header.Tensors);
    }

    [Fact]
    public void A_read_beyond_the_tensor_is_a_mistake_of_the_caller()
    {
        using GgufFile file = Open(new SampleGguf().Of("w", GgufType.Q8_0, [1, 32], new double[32]).Of("v", GgufType.F32, [1], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Find("w")!, new byte[129]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Find("w")!, new byte[4], 125));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(file.Find("w")!, new byte[4], -4));
    }

    [Fact]
    public void A_missing_file_is_the_systems_own_error() =>
        Assert.Throws<FileNotFoundException>(() => GgufFile.Open(folder.PathOf("absent.gguf")));

    private static IEnumerable<byte> Words(int count) =>
        Enumerable.Range(0, count).SelectMany(static index => SampleGguf.Text($"word{index}"));

    // Random blocks with scales that are finite.
    private static byte[] RandomBlocks(GgufType type, int count, int seed)
    {
        var format = GgufFormat.Of((uint)type);
        byte[] bytes = new byte[count / format.BlockLength * format.BlockByteLength];
        new Random(seed).NextBytes(bytes);
        foreach (int index in Enumerable.Range(0, bytes.Length))
        {
            bytes[index] &= 0x3F;
        }

        return bytes;
    }

    private static SampleGguf Mixed()
    {
        var sample = new SampleGguf().Of("first", GgufType.F16, [3], [1, 2, 3]);
        foreach (GgufType type in Quantised)
        {
            sample.Raw($"{type}.weight", type, [3, 512], RandomBlocks(type, 3 * 512, 13));
            sample.Of($"{type}.bias", GgufType.F32, [3], [4, 5, 6]);
        }

        return sample;
    }

    private GgufFile Open(SampleGguf sample) => GgufFile.Open(sample.Write(folder.PathOf("sample.gguf")));
}
