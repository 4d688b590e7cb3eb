namespace ResizeLora;

/// <summary>
/// Tells the collector of large arrays that are garbage soon. Of itself it lets as much of them wait as there is of what lives, which is
/// much while decompositions are kept.
/// </summary>
internal static class LargeGarbage
{
    private const long MostBytes = 64L << 20;

    private static long waiting;

    /// <summary>Adds some; from time to time, what there is is collected meanwhile.</summary>
    /// <param name="bytes">How much.</param>
    public static void Add(long bytes)
    {
        long before = Interlocked.Add(ref waiting, bytes) - bytes;
        if (before < MostBytes && before + bytes >= MostBytes)
        {
            Interlocked.Exchange(ref waiting, 0);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        }
    }
}
