using System.Runtime.InteropServices;

namespace ResizeLora.Host.Running;

/// <summary>
/// Turns Ctrl+C, and the signals that ask a program to end, into the stop of the running command. A second one ends the program.
/// </summary>
internal sealed class InterruptHandler : IDisposable
{
    private readonly CommandRunner _runner;
    private readonly bool _isInteractive;
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Starts to listen.</summary>
    public InterruptHandler(CommandRunner runner, bool isInteractive)
    {
        _runner = runner;
        _isInteractive = isInteractive;
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, HandleInterrupt));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, HandleTermination));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, HandleTermination));
    }

    /// <summary>Whether the program was asked to end, rather than the command that runs.</summary>
    public bool ShouldEnd { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    /// <summary>Does what Ctrl+C asks for.</summary>
    public void Interrupt() => Stop(endsProgram: !_isInteractive);

    private void HandleInterrupt(PosixSignalContext context)
    {
        context.Cancel = true;
        Interrupt();
    }

    private void HandleTermination(PosixSignalContext context)
    {
        context.Cancel = true;
        Stop(endsProgram: true);
    }

    private void Stop(bool endsProgram)
    {
        bool wasAsked = ShouldEnd;
        ShouldEnd |= endsProgram;
        if (_runner.TryStop())
        {
            return;
        }

        // Either the command does not stop, or there is none and the program waits for the user.
        if (_runner.IsRunning || wasAsked || endsProgram)
        {
            Environment.Exit(1);
        }
    }
}
