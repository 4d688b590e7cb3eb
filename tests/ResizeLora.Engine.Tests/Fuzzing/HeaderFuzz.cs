using System.Diagnostics;
using System.Text;
using ResizeLora.Files;

namespace ResizeLora.Tests.Fuzzing;

/// <summary>
/// What must hold of any header: it is read and obeys the format, or is refused by the documented exception, soon and in little memory.
/// </summary>
internal static class HeaderFuzz
{
    // What parsing may take for each byte of the header, for objects whose text is short; and for an exception.
    private const int MemoryPerByte = 40;
    private const int MemoryForAll = 1 << 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Makes up the next header and checks what comes of it.</summary>
    /// <param name="random">What it is made of.</param>
    /// <returns>The defect, or null when it was accepted.</returns>
    /// <exception cref="FuzzFailureException">Something else came of it.</exception>
    public static SafetensorsDefect? CheckNext(Random random)
    {
        (byte[] json, long dataLength) = HeaderFuzzer.Next(random);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        SafetensorsDefect? defect = null;
        try
        {
            var header = SafetensorsHeader.Parse(json, dataLength, "fuzzed.safetensors");
            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            CheckCost(json, taken, clock.Elapsed);
            CheckInvariants(json, header, dataLength);
        }
        catch (SafetensorsException exception)
        {
            CheckCost(json, GC.GetAllocatedBytesForCurrentThread() - before, clock.Elapsed);
            Require(exception.Message.Contains("'fuzzed.safetensors'", StringComparison.Ordinal), json, "the error does not name the file");
            defect = exception.Defect;
        }
        catch (Exception exception) when (exception is not FuzzFailureException)
        {
            throw new FuzzFailureException($"{exception.GetType().Name} from the header {Encoding.UTF8.GetString(json)}", exception);
        }

        return defect;
    }

    private static void CheckCost(byte[] json, long taken, TimeSpan elapsed)
    {
        Require(taken <= MemoryForAll + (MemoryPerByte * (long)json.Length), json, $"{taken} bytes were taken for {json.Length}");
        Require(elapsed < Patience, json, $"it took {elapsed.TotalSeconds:0.0} s");
    }

    private static void CheckInvariants(byte[] json, SafetensorsHeader header, long dataLength)
    {
        long position = 0;
        foreach (TensorEntry tensor in header.Tensors)
        {
            Require(tensor.Start == position, json, "a hole or an overlap was accepted");
            Require(
                tensor.ElementCount * TensorTypes.BitsOf(tensor.Type) == tensor.ByteLength * 8,
                json,
                "a size that is not shape times type was accepted"
            );
            position = tensor.End;
        }

        Require(position == dataLength, json, "data that belongs to no tensor was accepted");
        Require(
            header.Tensors.Select(static tensor => tensor.Name).Distinct().Count() == header.Tensors.Count,
            json,
            "a name was accepted twice"
        );
    }

    private static void Require(bool holds, byte[] json, string otherwise)
    {
        if (!holds)
        {
            throw new FuzzFailureException($"{otherwise}: {Encoding.UTF8.GetString(json)}");
        }
    }
}
