using System.Collections.Concurrent;

namespace ResizeLora.Tests;

/// <summary>Keeps what the engine reports, from any thread, at once.</summary>
internal sealed class EventLog : IProgress<EngineEvent>
{
    private readonly ConcurrentQueue<EngineEvent> events = new();

    public IEnumerable<EngineProgress> Progress => events.OfType<EngineProgress>();

    public IEnumerable<string> Warnings => TextsOf(EngineNoteLevel.Warning);

    public IEnumerable<string> Verbose => TextsOf(EngineNoteLevel.Verbose);

    /// <summary>Called with every event, on the thread that reports it.</summary>
    public Action<EngineEvent> OnReport { get; init; } = static _ => { };

    public void Report(EngineEvent value)
    {
        events.Enqueue(value);
        OnReport(value);
    }

    private IEnumerable<string> TextsOf(EngineNoteLevel level) =>
        events.OfType<EngineNote>().Where(note => note.Level == level).Select(note => note.Text);
}
