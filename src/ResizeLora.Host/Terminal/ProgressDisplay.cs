using System.Management.Automation;

namespace ResizeLora.Host.Terminal;

/// <summary>
/// The activities under way, one line each, redrawn in place at most ten times a second. Draws on a terminal only.
/// </summary>
internal sealed class ProgressDisplay : IDisposable
{
    private const int MostLines = 5;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly TerminalStream _stream;
    private readonly Lock _gate;
    private readonly Timer _timer;
    private readonly List<(long Source, ProgressRecord Record)> _activities = [];
    private int _linesDrawn;
    private bool _changed;
    private bool _waiting;

    /// <summary>Draws on <paramref name="stream"/>, whose writers share <paramref name="gate"/>.</summary>
    public ProgressDisplay(TerminalStream stream, Lock gate)
    {
        _stream = stream;
        _gate = gate;
        _timer = new Timer(_ => DrawWhenChanged(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes one record in.</summary>
    public void Report(long source, ProgressRecord record)
    {
        if (!_stream.IsTerminal)
        {
            return;
        }

        lock (_gate)
        {
            int index = _activities.FindIndex(activity => activity.Source == source && activity.Record.ActivityId == record.ActivityId);
            if (record.RecordType == ProgressRecordType.Completed)
            {
                RemoveWithChildren(source, record.ActivityId);
            }
            else if (index >= 0)
            {
                _activities[index] = (source, record);
            }
            else
            {
                _activities.Add((source, record));
            }

            _changed = true;
            if (_activities.Count == 0)
            {
                Erase();
            }
            else if (!_waiting)
            {
                Draw();
                Wait();
            }
        }
    }

    /// <summary>Forgets every activity and takes its line down.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _activities.Clear();
            Erase();
        }
    }

    /// <summary>Takes the lines down so that other text can be written; the caller holds the gate.</summary>
    public void Erase()
    {
        if (_linesDrawn == 0)
        {
            return;
        }

        string upOneLine = "\e[A\e[2K";
        _stream.WriteControl("\r\e[2K" + string.Concat(Enumerable.Repeat(upOneLine, _linesDrawn - 1)));
        _linesDrawn = 0;
        _changed = true;
        Wait();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        _timer.Dispose();
    }

    private void RemoveWithChildren(long source, int activity)
    {
        _activities.RemoveAll(item => item.Source == source && item.Record.ActivityId == activity);
        int[] children =
        [
            .. _activities.Where(item => item.Source == source && item.Record.ParentActivityId == activity).Select(item => item.Record.ActivityId),
        ];
        foreach (int child in children)
        {
            RemoveWithChildren(source, child);
        }
    }

    private void DrawWhenChanged()
    {
        lock (_gate)
        {
            _waiting = false;
            if (_changed && _activities.Count > 0)
            {
                Draw();
                Wait();
            }
        }
    }

    private void Wait()
    {
        if (!_waiting)
        {
            _waiting = true;
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }

    private void Draw()
    {
        int width = TerminalSettings.Width - 1;
        string[] lines = [.. _activities.Take(MostLines).Select(activity => ProgressLine.Render(activity.Record, Depth(activity), width))];

        Erase();
        _stream.Write(string.Join('\n', lines.Select(Colour)));
        _linesDrawn = lines.Length;
        _changed = false;
    }

    private int Depth((long Source, ProgressRecord Record) activity)
    {
        int depth = 0;
        int parent = activity.Record.ParentActivityId;
        while (parent >= 0 && depth < MostLines)
        {
            int index = _activities.FindIndex(other => other.Source == activity.Source && other.Record.ActivityId == parent);
            if (index < 0)
            {
                break;
            }

            depth++;
            parent = _activities[index].Record.ParentActivityId;
        }

        return depth;
    }

    private static string Colour(string line) => PSStyle.Instance.Progress.Style + line + PSStyle.Instance.Reset;
}
