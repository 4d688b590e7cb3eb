using ResizeLora.Files;
using ResizeLora.Tests.Fuzzing;

namespace ResizeLora.Tests.Safetensors;

/// <summary>Headers that begin right and are then damaged where it hurts: whatever they say, they are read or refused.</summary>
public sealed class HeaderFuzzTests
{
    private const int Cases = 30_000;

    [Fact]
    public void A_damaged_header_is_refused_by_the_documented_exception_or_is_right_after_all()
    {
        var random = new Random(20_260_401);
        SafetensorsDefect?[] outcomes = [.. Enumerable.Range(0, Cases).Select(_ => HeaderFuzz.CheckNext(random))];
        Assert.InRange(outcomes.Count(static outcome => outcome is null), Cases / 20, Cases * 19 / 20);

        // All that a header, as opposed to a file, can have.
        SafetensorsDefect[] ofFiles =
        [
            SafetensorsDefect.HeaderTooSmall,
            SafetensorsDefect.InvalidHeaderLength,
            SafetensorsDefect.HeaderPastEnd,
            SafetensorsDefect.FileShrank,
            SafetensorsDefect.Empty,
            SafetensorsDefect.Zeros,
            .. ForeignContentTests.Defects,
        ];
        Assert.Equal(Enum.GetValues<SafetensorsDefect>().Except(ofFiles), outcomes.OfType<SafetensorsDefect>().Distinct().Order());
    }

    [Fact]
    public void Files_of_arbitrary_bytes_are_refused_by_the_documented_exception_or_are_right_after_all()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(20_260_402);
        for (int index = 0; index < 400; index++)
        {
            (byte[] json, long dataLength) = HeaderFuzzer.Next(random);
            byte[] bytes = SampleFiles.Raw(json, new byte[Math.Clamp(dataLength, 0, 4096)]);
            for (int change = random.Next(3); change > 0; change--)
            {
                bytes[random.Next(Math.Min(bytes.Length, 12))] = (byte)random.Next(256);
            }

            string path = folder.PathOf("fuzzed.safetensors");
            File.WriteAllBytes(path, bytes[..random.Next(bytes.Length * 3 / 4, bytes.Length + 1)]);
            Exception? exception = Record.Exception(() =>
            {
                using SafetensorsFile file = SafetensorsFile.Open(path);
                Assert.All(file.Header.Tensors, tensor => Assert.Equal(tensor.ByteLength, file.Read(tensor).Length));
            });
            Assert.True(exception is null or SafetensorsException, $"Case {index} ended in {exception}");
        }
    }
}
