using System.Management.Automation;

namespace ResizeLora.Pester.Host.Blocks;

/// <summary>A Describe or a Context, or the file as a whole.</summary>
/// <param name="parent">The block around it; null for the file itself.</param>
/// <param name="definition">What the file said.</param>
public sealed class PesterBlock(PesterBlock? parent, ItemDefinition definition) : PesterItem(parent, definition)
{
    private readonly Dictionary<StepKind, ScriptBlock> steps = [];

    /// <summary>Whether this is the file itself.</summary>
    public bool IsRoot => Parent is null;

    /// <summary>The blocks and tests inside, in the order of the file.</summary>
    public IList<PesterItem> Items { get; } = [];

    /// <summary>The tests inside, at any depth, in the order in which they run.</summary>
    public IEnumerable<PesterTest> Tests =>
        Items.SelectMany(item => item is PesterBlock block ? block.Tests : [(PesterTest)item]);

    /// <summary>The setup to run, or null where there is none or everything inside is skipped.</summary>
    public ScriptBlock? BeforeAll => Skip ? null : Step(StepKind.BeforeAll);

    /// <summary>The teardown to run, or null where there is none or everything inside is skipped.</summary>
    public ScriptBlock? AfterAll => Skip ? null : Step(StepKind.AfterAll);

    /// <summary>The step of a kind that this block has.</summary>
    /// <param name="kind">Which step.</param>
    /// <returns>The script block, or null.</returns>
    public ScriptBlock? Step(StepKind kind) => steps.GetValueOrDefault(kind);

    /// <summary>Gives this block a step.</summary>
    /// <param name="kind">Which step.</param>
    /// <param name="body">What it runs.</param>
    /// <exception cref="InvalidOperationException">The block has that step already, or, for a file, cannot have it.</exception>
    public void SetStep(StepKind kind, ScriptBlock body)
    {
        if (IsRoot && kind is StepKind.BeforeEach or StepKind.AfterEach)
        {
            throw new InvalidOperationException($"{kind} must stand in a Describe or a Context.");
        }
        // Pester 6 refuses a second one, Pester 5 keeps only the last: no file may rely on either.
        if (!steps.TryAdd(kind, body))
        {
            throw new InvalidOperationException($"This block has a {kind} already.");
        }
    }

    /// <summary>Hands skipping down to what is inside, drops blocks without a test, and skips a block whose tests are all skipped.</summary>
    public void Settle()
    {
        foreach (PesterItem item in Items)
        {
            item.Skip |= Skip;
            (item as PesterBlock)?.Settle();
        }
        foreach (PesterBlock empty in Items.OfType<PesterBlock>().Where(block => !block.Tests.Any()).ToList())
        {
            Items.Remove(empty);
        }
        Skip |= Items.All(item => item.Skip);
    }
}
