using System.Collections.ObjectModel;
using System.Management.Automation;

namespace ResizeLora.Pester.Host.Assertions;

/// <summary>The operators of Should.</summary>
public static class AssertionTable
{
    private const string Expected = "ExpectedValue";
    private const string Because = "Because";
    private const string Pattern = "RegularExpression";
    private const string PassThru = "PassThru";

    private static readonly Assertion[] Known =
    [
        new("Be", EqualityAssertions.Be, Expected, Because) { Alias = "EQ", TakesCollection = true },
        new("BeExactly", EqualityAssertions.BeExactly, Expected, Because) { Alias = "CEQ", TakesCollection = true },
        new("BeNullOrEmpty", CollectionAssertions.BeNullOrEmpty, Because) { TakesCollection = true },
        new("HaveCount", CollectionAssertions.HaveCount, Expected, Because) { TakesCollection = true },
        new("Contain", CollectionAssertions.Contain, Expected, Because) { TakesCollection = true },
        new("BeIn", CollectionAssertions.BeIn, Expected, Because),
        new("BeTrue", ValueAssertions.BeTrue, Because),
        new("BeFalse", ValueAssertions.BeFalse, Because),
        new("BeGreaterThan", ValueAssertions.BeGreaterThan, Expected, Because) { Alias = "GT" },
        new("BeGreaterOrEqual", ValueAssertions.BeGreaterOrEqual, Expected, Because) { Alias = "GE" },
        new("BeLessThan", ValueAssertions.BeLessThan, Expected, Because) { Alias = "LT" },
        new("BeLessOrEqual", ValueAssertions.BeLessOrEqual, Expected, Because) { Alias = "LE" },
        new("BeLike", ValueAssertions.BeLike, Expected, Because),
        new("BeLikeExactly", ValueAssertions.BeLikeExactly, Expected, Because),
        new("BeOfType", ValueAssertions.BeOfType, "ExpectedType", Because) { Alias = "HaveType" },
        new("Match", ValueAssertions.Match, Pattern, Because),
        new("MatchExactly", ValueAssertions.MatchExactly, Pattern, Because) { Alias = "CMATCH" },
        new("Exist", FileAssertions.Exist, Because),
        new("FileContentMatch", FileAssertions.FileContentMatch, "ExpectedContent", Because),
        new("Throw", ThrowAssertion.Throw, "ExpectedMessage", "ErrorId", "ExceptionType", Because, PassThru),
        Unknown("FileContentMatchExactly"),
        Unknown("FileContentMatchMultiline"),
        Unknown("FileContentMatchMultilineExactly"),
        Unknown("HaveParameter"),
        Unknown("Invoke"),
        Unknown("InvokeVerifiable"),
    ];

    /// <summary>The operator of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The operator, or null.</returns>
    public static Assertion? Find(string name) => Array.Find(Known, assertion => assertion.Name == name);

    /// <summary>The parameters that the operators give to Should: a switch each, in a parameter set of its own, and what each takes.</summary>
    /// <returns>Parameters for one call.</returns>
    public static RuntimeDefinedParameterDictionary CreateParameters()
    {
        var parameters = new RuntimeDefinedParameterDictionary();
        foreach (Assertion assertion in Known)
        {
            Collection<Attribute> attributes = Add(parameters, assertion.Name, typeof(SwitchParameter), assertion.Name, null);
            if (assertion.Alias is { } alias)
            {
                attributes.Add(new AliasAttribute(alias));
            }
            Add(parameters, "Not", typeof(SwitchParameter), assertion.Name, null);
            foreach ((int index, string name) in assertion.Parameters.Index())
            {
                Add(parameters, name, name == PassThru ? typeof(SwitchParameter) : typeof(object), assertion.Name, index + 1);
            }
        }
        return parameters;
    }

    private static Collection<Attribute> Add(RuntimeDefinedParameterDictionary parameters, string name, Type type, string set, int? position)
    {
        if (!parameters.TryGetValue(name, out RuntimeDefinedParameter? parameter))
        {
            parameters[name] = parameter = new RuntimeDefinedParameter(name, type, []);
        }
        var attribute = new ParameterAttribute { ParameterSetName = set };
        if (position is { } at)
        {
            attribute.Position = at;
        }
        parameter.Attributes.Add(attribute);
        return parameter.Attributes;
    }

    // Known by name, so that a shortened parameter is as ambiguous here as in Pester.
    private static Assertion Unknown(string name) =>
        new(name, _ => throw new PSNotSupportedException($"Should -{name} is not supported here."));
}
