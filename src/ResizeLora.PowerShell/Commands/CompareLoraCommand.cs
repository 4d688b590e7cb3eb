using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.Comparison;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Recipes;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Compares LoRA files: how far the changes that they make to a model are apart.</para>
/// <para type="description">
/// For each file the relative Frobenius error and the cosine against a reference, over all layers and layer by layer, and with a
/// checkpoint the error relative to the base weights. Ranks, order, types and alphas may differ; a layer that one file lacks counts in
/// full. What Resize-Lora writes is compared with its own source.
/// </para>
/// </summary>
[Cmdlet(VerbsData.Compare, "Lora", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Compare-Lora.md")]
[OutputType(typeof(LoraComparison))]
public sealed class CompareLoraCommand : LayerCommand
{
    private readonly HashSet<(string Reference, string Path)> known = [];
    private LoraComparer? comparer;

    /// <summary>
    /// <para type="description">The LoRA file to compare with. Results of Resize-Lora bring their source along.</para>
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Reference", "Source")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public string ReferencePath { get; set; } = string.Empty;

    /// <summary>
    /// <para type="description">
    /// LoRA files to compare; wildcards are allowed. Files of other kinds that a wildcard catches are left alone.
    /// </para>
    /// </summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet
    )]
    [Alias("DifferencePath", "Difference")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SafetensorsPathCompleter))]
    public override string[] Path
    {
        get => base.Path;
        set => base.Path = value;
    }

    /// <inheritdoc/>
    protected override string Activity => "Comparing LoRA files";

    /// <inheritdoc/>
    protected override IReadOnlyList<ResizeRecipe> Recipes => [];

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (MyInvocation.BoundParameters.ContainsKey(nameof(ReferencePath)))
        {
            // One reference for all files: without it nothing can be compared.
            Require(ReferencePath, () => ComparerFor(FilePaths.ResolveLiteral(this, ReferencePath)));
        }
    }

    /// <inheritdoc/>
    internal override void Apply(LayerSource source)
    {
        LoraComparer wanted = ComparerFor(FilePaths.ResolveLiteral(this, ReferencePath));
        using Adapter adapter = source.OpenFile();
        IReadOnlyCollection<string>? layers = source.Layers?.Select(static layer => layer.Layer).ToHashSet(StringComparer.Ordinal);
        WriteObject(Run((channel, token) => wanted.Compare(adapter, layers, channel, token)));
    }

    /// <inheritdoc/>
    protected override bool IsNew(string path) => known.Add((FilePaths.ResolveLiteral(this, ReferencePath), path));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            comparer?.Dispose();
        }

        base.Dispose(disposing);
    }

    // Files of one reference mostly follow one another, so that it is opened once.
    private LoraComparer ComparerFor(string reference)
    {
        if (comparer?.ReferencePath != reference)
        {
            comparer?.Dispose();
            comparer = null;
            comparer = new LoraComparer(Session, reference, IncludeDifference);
        }

        return comparer;
    }
}
