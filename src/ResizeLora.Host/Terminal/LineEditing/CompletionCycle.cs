using System.Management.Automation;

namespace ResizeLora.Host.Terminal.LineEditing;

/// <summary>Walks through the completions of one line, each Tab putting the next in place of the last.</summary>
internal sealed class CompletionCycle(Func<string, int, CommandCompletion> complete)
{
    private CommandCompletion? _completion;
    private string _original = string.Empty;

    /// <summary>Puts the next or the previous completion into the buffer.</summary>
    public void Step(LineBuffer buffer, bool forward)
    {
        if (_completion is null)
        {
            _original = buffer.Text;
            _completion = complete(_original, buffer.Cursor);
        }

        if (_completion.CompletionMatches.Count > 0 && _completion.GetNextResult(forward) is { } result)
        {
            string before = _original[.._completion.ReplacementIndex];
            string after = _original[(_completion.ReplacementIndex + _completion.ReplacementLength)..];
            buffer.Set(before + result.CompletionText + after, before.Length + result.CompletionText.Length);
        }
    }

    /// <summary>Forgets the completions, because another key was pressed.</summary>
    public void Reset() => _completion = null;
}
