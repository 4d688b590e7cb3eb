using System.Text;
using ResizeLora.Safetensors;

namespace ResizeLora.Tests.Safetensors;

/// <summary>Headers that begin right and are then damaged where it hurts: whatever they say, they are read or refused.</summary>
public sealed class HeaderFuzzTests
{
    private const int Cases = 30_000;

    // What parsing may take for each byte of the header, for objects whose text is short; and for an exception.
    private const int MemoryPerByte = 40;
    private const int MemoryForAll = 1 << 16;

    [Fact]
    public void A_damaged_header_is_refused_by_the_documented_exception_or_is_right_after_all()
    {
        var random = new Random(20_260_401);
        var defects = new HashSet<SafetensorsDefect>();
        int accepted = 0;
        for (int index = 0; index < Cases; index++)
        {
            (byte[] json, long dataLength) = HeaderFuzzer.Next(random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var header = SafetensorsHeader.Parse(json, dataLength, "fuzzed.safetensors");
                long taken = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.InRange(taken, 0, MemoryForAll + (MemoryPerByte * (long)json.Length));
                CheckInvariants(header, dataLength);
                accepted++;
            }
            catch (SafetensorsException exception)
            {
                long taken = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.InRange(taken, 0, MemoryForAll + (MemoryPerByte * (long)json.Length));
                Assert.Contains("'fuzzed.safetensors'", exception.Message, StringComparison.Ordinal);
                defects.Add(exception.Defect);
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"Case {index} ended in {exception.GetType().Name}: {Encoding.UTF8.GetString(json)}");
            }
        }

        // The fuzzer is worth its time only while it reaches both sides of every rule.
        Assert.InRange(accepted, Cases / 20, Cases * 19 / 20);
        SafetensorsDefect[] ofTheFrame = [SafetensorsDefect.HeaderTooSmall, SafetensorsDefect.InvalidHeaderLength, SafetensorsDefect.HeaderPastEnd, SafetensorsDefect.FileShrank];
        Assert.Equal(Enum.GetValues<SafetensorsDefect>().Except(ofTheFrame), defects.Order());
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

    private static void CheckInvariants(SafetensorsHeader header, long dataLength)
    {
        long position = 0;
        foreach (TensorEntry tensor in header.Tensors)
        {
            Assert.Equal(position, tensor.Start);
            Assert.Equal(tensor.ElementCount * TensorTypes.BitsOf(tensor.Type), tensor.ByteLength * 8);
            position = tensor.End;
        }

        Assert.Equal(dataLength, position);
        Assert.Equal(header.Tensors.Count, header.Tensors.Select(tensor => tensor.Name).Distinct().Count());
    }
}
