using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace ResizeLora.Pester.Host.Running;

/// <summary>Writes to the session, refuses to ask.</summary>
/// <param name="session">Where the text goes.</param>
public sealed class CapturingInterface(PesterSession session) : PSHostUserInterface
{
    private const string NobodyAnswers = "A test cannot ask: there is nobody to answer.";

    /// <inheritdoc/>
    public override PSHostRawUserInterface? RawUI => null;

    /// <inheritdoc/>
    public override void Write(string value) => session.Write(value);

    /// <inheritdoc/>
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => session.Write(value);

    /// <inheritdoc/>
    public override void WriteLine(string value) => session.Write(value + Environment.NewLine);

    /// <inheritdoc/>
    public override void WriteErrorLine(string value) => WriteLine($"ERROR: {value}");

    /// <inheritdoc/>
    public override void WriteWarningLine(string message) => WriteLine($"WARNING: {message}");

    /// <inheritdoc/>
    public override void WriteVerboseLine(string message) => WriteLine($"VERBOSE: {message}");

    /// <inheritdoc/>
    public override void WriteDebugLine(string message) => WriteLine($"DEBUG: {message}");

    /// <inheritdoc/>
    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        // Progress is for people who watch.
    }

    /// <inheritdoc/>
    public override string ReadLine() => throw new HostException(NobodyAnswers);

    /// <inheritdoc/>
    public override SecureString ReadLineAsSecureString() => throw new HostException(NobodyAnswers);

    /// <inheritdoc/>
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        throw new HostException(NobodyAnswers);

    /// <inheritdoc/>
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
        throw new HostException(NobodyAnswers);

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw new HostException(NobodyAnswers);

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options) =>
        throw new HostException(NobodyAnswers);
}
