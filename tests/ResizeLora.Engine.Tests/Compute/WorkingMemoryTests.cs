using ResizeLora.Compute;

namespace ResizeLora.Tests.Compute;

/// <summary>Work at a time is bounded by its memory.</summary>
public sealed class WorkingMemoryTests
{
    [Fact]
    public void No_more_is_worked_on_at_a_time_than_fits_and_the_largest_alone()
    {
        const long Most = 100;
        var memory = new WorkingMemory(Most);
        long used = 0;
        long highest = 0;
        int[] sizes = [.. Enumerable.Range(0, 60).Select(static index => index % 20 == 19 ? 250 : 10 + (index % 7 * 10))];
        Parallel.ForEach(
            sizes,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            size =>
            {
                using WorkingMemory.Lease lease = memory.Take(size);
                long now = Interlocked.Add(ref used, size);
                Assert.True(now <= Most || now == size, $"{now} at a time.");
                InterlockedMax(ref highest, now);
                Thread.Sleep(1);
                Interlocked.Add(ref used, -size);
            }
        );
        Assert.Equal(250, highest);
    }

    [Fact]
    public void Whoever_needs_more_gives_back_first_so_that_none_waits_for_ever()
    {
        var memory = new WorkingMemory(100);
        Parallel.For(
            0,
            40,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            _ =>
            {
                using WorkingMemory.Lease lease = memory.Take(40);
                lease.Change(90);
            }
        );
        using WorkingMemory.Lease all = memory.Take(100);
        Assert.NotNull(all);
    }

    private static void InterlockedMax(ref long highest, long value)
    {
        long seen = Interlocked.Read(ref highest);
        while (value > seen)
        {
            long before = Interlocked.CompareExchange(ref highest, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
