using System.Diagnostics;
using System.Management.Automation;
using System.Text;
using ResizeLora.Pester.Host.Blocks;

namespace ResizeLora.Pester.Host.Running;

/// <summary>The state of one file while it is discovered and run.</summary>
public sealed class PesterSession
{
    private readonly StringBuilder output = new();
    private readonly Stopwatch clock = new();
    private TestDrive? drive;

    /// <summary>The file itself as a block.</summary>
    public PesterBlock Root { get; } = new(null, new ItemDefinition(string.Empty, ScriptBlock.Create(string.Empty), 0, false, [], new Dictionary<string, object?>()));

    /// <summary>The block whose body discovery is in; null outside discovery.</summary>
    public PesterBlock? Discovering { get; private set; }

    /// <summary>Runs the body of a block so that what it defines becomes part of the block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="body">What runs it.</param>
    public void Discover(PesterBlock block, Action body)
    {
        ArgumentNullException.ThrowIfNull(body);
        PesterBlock? outer = Discovering;
        Discovering = block;
        try
        {
            body();
        }
        finally
        {
            Discovering = outer;
        }
    }

    /// <summary>Adds text to the output of the test that is running.</summary>
    /// <param name="text">What was written.</param>
    public void Write(string text) => output.Append(text);

    /// <summary>Starts a block or a test.</summary>
    /// <param name="item">What starts.</param>
    /// <param name="sessionState">The session that runs it.</param>
    public void Enter(PesterItem item, SessionState sessionState)
    {
        if (item is PesterBlock)
        {
            drive ??= new TestDrive(sessionState);
            drive.EnterBlock();
        }
        else
        {
            clock.Restart();
        }
    }

    /// <summary>Ends a block or a test.</summary>
    /// <param name="item">What ends.</param>
    /// <param name="sessionState">The session that ran it.</param>
    public void Leave(PesterItem item, SessionState sessionState)
    {
        if (item is PesterTest test)
        {
            test.Finish(clock.Elapsed, output.ToString());
            output.Clear();
            return;
        }
        drive!.LeaveBlock();
        if (item == Root)
        {
            drive.Remove(sessionState);
        }
    }
}
