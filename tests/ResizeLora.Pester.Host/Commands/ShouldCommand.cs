using System.Collections;
using System.Management.Automation;
using ResizeLora.Pester.Host.Assertions;
using ResizeLora.Pester.Host.Running;

namespace ResizeLora.Pester.Host.Commands;

/// <summary>Should: an assertion about a value. The operators are parameter sets, made from <see cref="AssertionTable"/>.</summary>
[Cmdlet(VerbsLifecycle.Assert, "PesterValue")]
public sealed class ShouldCommand : PesterCommand, IDynamicParameters
{
    private readonly List<object?> actual = [];

    /// <summary>The value to assert about.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromRemainingArguments = true)]
    public object? ActualValue { get; set; }

    /// <inheritdoc/>
    public object GetDynamicParameters() => AssertionTable.CreateParameters();

    /// <inheritdoc/>
    protected override void ProcessRecord() => actual.Add(ActualValue);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Dictionary<string, object> bound = MyInvocation.BoundParameters;
        if (bound.TryGetValue("ErrorAction", out object? action) && action is not ActionPreference.Stop)
        {
            throw new PSNotSupportedException("Should -ErrorAction other than Stop is not supported here.");
        }
        Assertion assertion = AssertionTable.Find(ParameterSetName)
            ?? throw new PSArgumentException("Should needs an operator.");
        foreach (object? value in Values(assertion))
        {
            var call = new AssertionCall(this, value, bound);
            if (assertion.Test(call) is { } failure)
            {
                throw new PesterException(PesterException.FailedId, failure);
            }
            if (call.Output is not null)
            {
                WriteObject(call.Output);
            }
        }
    }

    /// <summary>The values to assert about one after another: all input as one, or each by itself.</summary>
    private List<object?> Values(Assertion assertion)
    {
        if (actual.Count == 0)
        {
            return [null];
        }
        if (!assertion.TakesCollection)
        {
            return actual;
        }
        // Pester 5 takes such a value as one element of a collection, Pester 6 as the collection itself.
        if (!MyInvocation.ExpectingInput && LanguagePrimitives.GetEnumerable(ActualValue) is IEnumerable)
        {
            throw new PSNotSupportedException($"Pipe a collection to Should -{assertion.Name}; -ActualValue means different things in Pester 5 and 6.");
        }
        return [actual.ToArray()];
    }
}
