using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using ResizeLora.Host.Terminal.LineEditing;

namespace ResizeLora.Host.Terminal;

/// <summary>
/// The questions that commands ask: confirmations, mandatory parameters, credentials. They are put on standard error,
/// so that they are seen, and stay out of the way, when output is redirected.
/// </summary>
internal sealed class HostPrompts(TerminalOutput terminal)
{
    /// <summary>What to do when Ctrl+C is pressed in answer to a question.</summary>
    public Action? Interrupt { get; set; }

    /// <summary>Reads a line of any text; nothing once standard input has ended.</summary>
    public string ReadLine()
    {
        (string text, _) = ReadAnswer(hidden: false);
        return text;
    }

    /// <summary>Reads a line without showing it.</summary>
    public SecureString ReadSecret()
    {
        var secret = new SecureString();
        foreach (char character in Read(hidden: true))
        {
            secret.AppendChar(character);
        }

        secret.MakeReadOnly();
        return secret;
    }

    /// <summary>Asks for the value of each field.</summary>
    public Dictionary<string, PSObject> AskFields(string caption, string message, Collection<FieldDescription> fields)
    {
        WriteHeading(caption, message);
        var answers = new Dictionary<string, PSObject>(StringComparer.OrdinalIgnoreCase);
        foreach (FieldDescription field in fields)
        {
            Type type = LanguagePrimitives.TryConvertTo(field.ParameterAssemblyFullName, out Type? found) && found is not null
                ? found
                : Type.GetType(field.ParameterAssemblyFullName) ?? typeof(string);
            answers[field.Name] = PSObject.AsPSObject(type.IsArray ? AskList(field.Name, type) : AskValue(field.Name, type));
        }

        return answers;
    }

    /// <summary>Asks for one of the choices.</summary>
    public int AskChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
        AskChoices(caption, message, choices, defaultChoice >= 0 ? [defaultChoice] : [], onlyOne: true)[0];

    /// <summary>Asks for some of the choices.</summary>
    public Collection<int> AskChoices(
        string? caption, string? message, Collection<ChoiceDescription> choices, IEnumerable<int>? defaultChoices) =>
        AskChoices(caption, message, choices, [.. defaultChoices ?? []], onlyOne: false);

    /// <summary>Asks for a user's name and password.</summary>
    public PSCredential AskCredential(string caption, string message, string userName)
    {
        WriteHeading(caption, message);
        if (string.IsNullOrEmpty(userName))
        {
            terminal.WriteError("User: ");
            userName = Read(hidden: false);
        }

        terminal.WriteError($"Password for user {userName}: ");
        return new PSCredential(userName, ReadSecret());
    }

    private Collection<int> AskChoices(
        string? caption, string? message, Collection<ChoiceDescription> choices, IReadOnlyList<int> defaults, bool onlyOne)
    {
        ChoiceLabel[] labels = [.. choices.Select(ChoiceLabel.Of)];
        string offer = string.Join("  ", labels.Select(label => $"[{label.Key}] {label.Text}")) + "  [?] Help";
        if (defaults.Count > 0)
        {
            offer += $" (default is \"{string.Join(", ", defaults.Select(index => labels[index].Key))}\")";
        }

        WriteHeading(caption, message);
        var chosen = new Collection<int>();
        while (true)
        {
            terminal.WriteError(offer + ": ");
            string answer = Read(hidden: false).Trim();
            int index = Array.FindIndex(labels, label => label.Matches(answer));
            if (answer == "?")
            {
                WriteHelp(labels, choices);
            }
            else if (answer.Length == 0 && (chosen.Count > 0 || defaults.Count > 0))
            {
                return chosen.Count > 0 ? chosen : [.. defaults];
            }
            else if (index >= 0)
            {
                chosen.Add(index);
                if (onlyOne)
                {
                    return chosen;
                }
            }
        }
    }

    private void WriteHelp(ChoiceLabel[] labels, Collection<ChoiceDescription> choices)
    {
        for (int index = 0; index < labels.Length; index++)
        {
            terminal.WriteError($"{labels[index].Key} - {choices[index].HelpMessage}{Environment.NewLine}");
        }
    }

    private object AskValue(string name, Type type)
    {
        while (true)
        {
            terminal.WriteError($"{name}: ");
            if (type == typeof(SecureString))
            {
                return ReadSecret();
            }

            try
            {
                return LanguagePrimitives.ConvertTo(Read(hidden: false), type, CultureInfo.CurrentCulture);
            }
            catch (PSInvalidCastException exception)
            {
                terminal.WriteError(exception.Message + Environment.NewLine);
            }
        }
    }

    private object AskList(string name, Type arrayType)
    {
        var values = new List<string>();
        while (true)
        {
            terminal.WriteError(string.Create(CultureInfo.InvariantCulture, $"{name}[{values.Count}]: "));
            string value = Read(hidden: false);
            if (value.Length == 0)
            {
                return LanguagePrimitives.ConvertTo(values.ToArray(), arrayType, CultureInfo.CurrentCulture);
            }

            values.Add(value);
        }
    }

    private void WriteHeading(string? caption, string? message)
    {
        foreach (string? line in new[] { caption, message })
        {
            if (!string.IsNullOrEmpty(line))
            {
                terminal.WriteError(line + Environment.NewLine);
            }
        }
    }

    private string Read(bool hidden)
    {
        (string text, LineEnd end) = ReadAnswer(hidden);
        if (end == LineEnd.EndOfInput)
        {
            terminal.WriteError(Environment.NewLine);
            throw new HostException("A command asks a question, and standard input has ended.");
        }

        return text;
    }

    private (string Text, LineEnd End) ReadAnswer(bool hidden)
    {
        terminal.Progress.Clear();
        (string text, LineEnd end) = LineEditor.Read(hidden: hidden);
        if (end == LineEnd.Cancelled)
        {
            Interrupt?.Invoke();
            throw new PipelineStoppedException();
        }

        return (text, end);
    }
}
