using ResizeLora.Bench.Profiling;

namespace ResizeLora.Tests.Benchmarks;

/// <summary>The simulation of LayerWorkers' schedule, on pieces whose times can be added up by hand.</summary>
public sealed class ScheduleTests
{
    [Theory]
    [InlineData(1, 12)]
    [InlineData(2, 6)]
    [InlineData(3, 5)]
    [InlineData(5, 5)]
    public void Each_thread_takes_the_next_piece_when_it_is_free(int threads, double expected)
    {
        double[] pieces = [5, 4, 2, 1];
        Assert.Equal(expected, Schedule.ForEach(pieces, threads));
    }

    [Fact]
    public void Equal_pieces_grow_with_the_threads()
    {
        double[] pieces = [.. Enumerable.Repeat(1.0, 96)];
        Assert.Equal(6, Schedule.ForEach(pieces, 16));
        Assert.Equal(6, Schedule.InOrder(pieces, new double[96], 16, ahead: 12));
    }

    [Fact]
    public void Taking_goes_on_beside_the_pieces()
    {
        // The last of four pieces is done at 4, and taken then.
        Assert.Equal(4.5, Schedule.InOrder([1, 1, 1, 1], [0.5, 0.5, 0.5, 0.5], threads: 1, ahead: 12));
    }

    [Fact]
    public void Slow_taking_is_what_counts_however_many_threads_there_are()
    {
        Assert.Equal(9, Schedule.InOrder([1, 1, 1, 1], [2, 2, 2, 2], threads: 16, ahead: 12));
    }

    [Fact]
    public void No_piece_begins_before_its_turn()
    {
        // With one piece ahead, the third begins when the first was taken, at 3, and is taken at 6; far ahead it would be done before.
        double[] pieces = [1, 1, 3];
        double[] taking = [2, 0, 0];
        Assert.Equal(6, Schedule.InOrder(pieces, taking, threads: 1, ahead: 1));
        Assert.Equal(5, Schedule.InOrder(pieces, taking, threads: 1, ahead: 12));
    }
}
