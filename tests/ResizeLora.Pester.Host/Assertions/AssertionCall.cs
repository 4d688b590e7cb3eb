using System.Management.Automation;

namespace ResizeLora.Pester.Host.Assertions;

/// <summary>One use of an operator.</summary>
/// <param name="Command">The command that was called, for its session.</param>
/// <param name="Actual">The value to assert about.</param>
/// <param name="Bound">The parameters given.</param>
public sealed record AssertionCall(PSCmdlet Command, object? Actual, IReadOnlyDictionary<string, object> Bound)
{
    /// <summary>Whether the assertion is reversed.</summary>
    public bool Negate => Switch("Not");

    /// <summary>The value to compare with.</summary>
    public object? Expected => Value("ExpectedValue");

    /// <summary>The reason, as a part of a sentence that ends in a comma; empty without one.</summary>
    public string Because => ValueText.OfReason(Text("Because"));

    /// <summary>What the assertion gives to the pipeline when it holds.</summary>
    public object? Output { get; set; }

    /// <summary>A parameter's value, or null.</summary>
    /// <param name="name">The parameter.</param>
    /// <returns>What was given.</returns>
    public object? Value(string name) => Bound.TryGetValue(name, out object? value) ? value : null;

    /// <summary>A parameter's value as text.</summary>
    /// <param name="name">The parameter.</param>
    /// <returns>What was given, empty without it.</returns>
    public string Text(string name) => LanguagePrimitives.ConvertTo<string>(Value(name)) ?? string.Empty;

    /// <summary>Whether a switch is set.</summary>
    /// <param name="name">The switch.</param>
    /// <returns>Its value, false without it.</returns>
    public bool Switch(string name) => LanguagePrimitives.IsTrue(Value(name));

    /// <summary>Judges a comparison that a reversed assertion wants to be false.</summary>
    /// <param name="holds">Whether the comparison holds.</param>
    /// <param name="wish">What was expected, such as "to be greater than 3".</param>
    /// <returns>What does not hold, or null.</returns>
    public string? Judge(bool holds, string wish) => holds != Negate
        ? null
        : $"Expected {ValueText.Of(Actual)} {(Negate ? "not " : string.Empty)}{wish},{Because} but it {(holds ? "was" : "was not")}.";
}
