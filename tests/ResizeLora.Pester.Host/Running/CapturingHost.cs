using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace ResizeLora.Pester.Host.Running;

/// <summary>A host without a console: what is written goes to the test that is running, and nobody answers questions.</summary>
/// <param name="session">The run that the host belongs to; the commands of the language find it here.</param>
public sealed class CapturingHost(PesterSession session) : PSHost
{
    /// <inheritdoc/>
    public override string Name => "ResizeLora.Pester.Host";

    /// <inheritdoc/>
    public override Version Version => typeof(CapturingHost).Assembly.GetName().Version!;

    /// <inheritdoc/>
    public override Guid InstanceId { get; } = Guid.NewGuid();

    /// <inheritdoc/>
    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    /// <inheritdoc/>
    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    /// <inheritdoc/>
    public override PSHostUserInterface UI { get; } = new CapturingInterface(session);

    /// <inheritdoc/>
    public override PSObject PrivateData { get; } = PSObject.AsPSObject(session);

    /// <inheritdoc/>
    public override void EnterNestedPrompt() => throw new NotSupportedException("A test has no prompt.");

    /// <inheritdoc/>
    public override void ExitNestedPrompt() => throw new NotSupportedException("A test has no prompt.");

    /// <inheritdoc/>
    public override void NotifyBeginApplication()
    {
        // There is no console whose state a program could change.
    }

    /// <inheritdoc/>
    public override void NotifyEndApplication()
    {
        // The same.
    }

    /// <inheritdoc/>
    public override void SetShouldExit(int exitCode) =>
        session.Write($"exit {exitCode.ToString(CultureInfo.InvariantCulture)}{Environment.NewLine}");
}
