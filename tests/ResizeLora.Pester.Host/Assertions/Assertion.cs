namespace ResizeLora.Pester.Host.Assertions;

/// <summary>One operator of Should.</summary>
/// <param name="Name">The operator's name, which is that of its parameter set too.</param>
/// <param name="Test">Returns what does not hold, or null.</param>
/// <param name="Parameters">The names of the operator's parameters, in the order of their positions.</param>
public sealed record Assertion(string Name, Func<AssertionCall, string?> Test, params string[] Parameters)
{
    /// <summary>Another name of the operator.</summary>
    public string? Alias { get; init; }

    /// <summary>Whether all that is piped is one value; otherwise each element is asserted about by itself.</summary>
    public bool TakesCollection { get; init; }
}
