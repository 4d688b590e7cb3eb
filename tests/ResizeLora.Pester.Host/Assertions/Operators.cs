using System.Management.Automation;

namespace ResizeLora.Pester.Host.Assertions;

/// <summary>PowerShell's own operators, with all their conversions.</summary>
public static class Operators
{
    private static readonly Dictionary<string, ScriptBlock> Scripts = new string[]
        { "-eq", "-ceq", "-gt", "-ge", "-lt", "-le", "-like", "-clike", "-match", "-cmatch", "-contains", "-is" }
        .ToDictionary(name => name, name => ScriptBlock.Create($"param($left, $right) [bool]($left {name} $right)"));

    /// <summary>Applies an operator and takes the result as true or false.</summary>
    /// <param name="left">The left operand.</param>
    /// <param name="name">The operator, with its dash.</param>
    /// <param name="right">The right operand.</param>
    /// <returns>Whether the result is true.</returns>
    public static bool Holds(object? left, string name, object? right) =>
        LanguagePrimitives.IsTrue(Scripts[name].InvokeReturnAsIs(left, right));
}
