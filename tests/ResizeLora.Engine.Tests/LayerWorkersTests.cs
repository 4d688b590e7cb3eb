using ResizeLora.Adapters;

namespace ResizeLora.Tests;

/// <summary>Work on several threads whose results never depend on how many.</summary>
public sealed class LayerWorkersTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Results_come_in_the_order_of_the_pieces(int threads)
    {
        IEnumerable<int> squares = LayerWorkers.InOrder(
            Enumerable.Range(0, 200),
            threads,
            static piece =>
            {
                Thread.SpinWait((200 - piece) * 100);
                return piece * piece;
            },
            CancellationToken.None
        );
        Assert.Equal(Enumerable.Range(0, 200).Select(static piece => piece * piece), squares);
    }

    [Fact]
    public void Pieces_are_taken_only_a_few_ahead_of_their_results()
    {
        int taken = 0;
        IEnumerable<int> Pieces()
        {
            while (true)
            {
                yield return taken++;
            }
        }

        using IEnumerator<int> results = LayerWorkers.InOrder(Pieces(), 3, static piece => piece, CancellationToken.None).GetEnumerator();
        for (int index = 0; index < 50; index++)
        {
            Assert.True(results.MoveNext());
            Assert.InRange(taken, index, index + 40);
        }
    }

    [Fact]
    public void Results_that_wait_are_bounded_in_bytes_and_one_is_let_through_in_any_case()
    {
        const long Most = 100;
        int taken = 0;
        int given = 0;
        IEnumerable<long> Pieces()
        {
            for (; taken < 60; taken++)
            {
                yield return taken == 30 ? 500 : 40;
            }
        }

        // A piece is asked for before it is known whether it fits: two wait, and the third is in the hand.
        foreach (long size in LayerWorkers.InOrder(Pieces(), 8, static size => size, CancellationToken.None, static size => size, Most))
        {
            Assert.Equal(given == 30 ? 500 : 40, size);
            Assert.InRange(taken, given, given + 2);
            given++;
        }

        Assert.Equal(60, given);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_engines_own_error_is_the_one_that_is_reported(bool inOrder)
    {
        static int Fail(int piece) =>
            piece == 7 ? throw new AdapterException("lora.safetensors", "layer", "NotFinite", "it is bad.") : piece;
        int[] pieces = [.. Enumerable.Range(0, 30)];
        AdapterException exception = Assert.Throws<AdapterException>(() =>
        {
            if (inOrder)
            {
                Assert.Fail($"{LayerWorkers.InOrder(pieces, 3, Fail, CancellationToken.None).Count()} pieces were done.");
            }

            LayerWorkers.ForEach(pieces, 3, piece => Fail(piece), CancellationToken.None);
        });
        Assert.Equal("layer", exception.Layer);
    }

    [Fact]
    public void After_an_error_or_an_early_end_nothing_works_on()
    {
        int running = 0;
        int Work(int piece)
        {
            Interlocked.Increment(ref running);
            Thread.Sleep(5);
            Interlocked.Decrement(ref running);
            return piece == 4 ? throw new InvalidOperationException() : piece;
        }

        Assert.Throws<InvalidOperationException>(() =>
            LayerWorkers.InOrder(Enumerable.Range(0, 50), 4, Work, CancellationToken.None).Count()
        );
        Assert.Equal(0, Volatile.Read(ref running));
        Assert.Equal([0, 1], LayerWorkers.InOrder(Enumerable.Range(0, 50), 4, Work, CancellationToken.None).Take(2));
        Assert.Equal(0, Volatile.Read(ref running));
    }

    [Fact]
    public void Cancelled_work_ends_between_pieces()
    {
        using var cancellation = new CancellationTokenSource();
        int done = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
            LayerWorkers.ForEach([.. Enumerable.Range(0, 1000)], 2, piece => CancelAfter(ref done, cancellation), cancellation.Token)
        );
        Assert.InRange(done, 10, 20);
        done = 0;
        using var again = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() =>
            LayerWorkers.InOrder(Enumerable.Range(0, 1000), 2, piece => CancelAfter(ref done, again), again.Token).Count()
        );
        Assert.InRange(done, 10, 30);
    }

    private static int CancelAfter(ref int done, CancellationTokenSource cancellation)
    {
        int count = Interlocked.Increment(ref done);
        Thread.Sleep(1);
        if (count == 10)
        {
            cancellation.Cancel();
        }

        return count;
    }
}
