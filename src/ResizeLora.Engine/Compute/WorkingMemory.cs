namespace ResizeLora.Compute;

/// <summary>
/// Lets layers be worked on at a time as far as their working memory fits into a bound together, and one in any case: so memory does not
/// grow with the number of threads.
/// </summary>
/// <param name="mostBytes">The bound.</param>
internal sealed class WorkingMemory(long mostBytes)
{
    // At rank 128 all threads of any machine work at a time, at rank 512 about six.
    private const long SharedBytes = 224L << 20;

    // Rarely enough to cost nothing beside the work that took so much, and only where the process has become large: ten files of rank 32
    // at a time take less, and took a tenth longer where all that they freed went back to the system.
    private const long BytesBetweenTrims = 64L << 20;
    private const long LargeProcess = 768L << 20;

    private readonly object gate = new();
    private long used;
    private long givenBack;

    /// <summary>That of this process.</summary>
    public static WorkingMemory Shared { get; } = new(SharedBytes);

    /// <summary>Waits until there is room. Whoever has some already waits for ever: take one after the other.</summary>
    /// <param name="bytes">How much is needed.</param>
    /// <returns>What gives it back.</returns>
    public Lease Take(long bytes)
    {
        var lease = new Lease(this);
        lease.Change(bytes);
        return lease;
    }

    /// <summary>Some of the memory.</summary>
    /// <param name="memory">Whose.</param>
    internal sealed class Lease(WorkingMemory memory) : IDisposable
    {
        private long held;

        /// <summary>Gives back what is held, and waits for another amount.</summary>
        /// <param name="bytes">How much.</param>
        public void Change(long bytes)
        {
            Dispose();
            lock (memory.gate)
            {
                while (memory.used > 0 && memory.used + bytes > memory.MostBytes)
                {
                    Monitor.Wait(memory.gate);
                }

                memory.used += bytes;
                held = bytes;
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            bool isMuch;
            lock (memory.gate)
            {
                memory.used -= held;
                memory.givenBack += held;
                held = 0;
                isMuch = memory.givenBack >= BytesBetweenTrims;
                memory.givenBack = isMuch ? 0 : memory.givenBack;
                Monitor.PulseAll(memory.gate);
            }

            if (isMuch && Environment.WorkingSet > LargeProcess)
            {
                NativeAllocator.GiveBack();
            }
        }
    }

    private long MostBytes => mostBytes;
}
