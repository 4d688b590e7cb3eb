using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.PowerShell.Binding;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the singular values of every layer of LoRA files.</para>
/// <para type="description">
/// Writes one object a layer, in the order of the file, as soon as it is computed. The objects can be filtered and piped to Resize-Lora,
/// which then does not decompose them again.
/// </para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "LoraSpectrum", DefaultParameterSetName = PathSet, HelpUri = OnlineHelp.Pages + "Get-LoraSpectrum.md")]
[OutputType(typeof(LayerSpectrum))]
public sealed class GetLoraSpectrumCommand : LoraFileCommand
{
    private readonly HashSet<(string Path, string Layers)> known = [];

    /// <summary>
    /// <para type="description">
    /// Only these layers; wildcards are allowed. The others are not decomposed. A layer from the pipeline names itself.
    /// </para>
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LayerNameCompleter))]
    public string[]? Layer { get; set; }

    /// <inheritdoc/>
    protected override string Activity => "Reading the spectra of LoRA files";

    // Layers from the pipeline name the same file again and again.
    /// <inheritdoc/>
    protected override bool IsNew(string path) => known.Add((path, string.Join('\n', Layer ?? [])));

    /// <inheritdoc/>
    protected override void Process(Adapter adapter)
    {
        AdapterLayer[] layers = Choose(adapter);
        Run(
            (channel, cancellationToken) =>
            {
                if (Layer is null)
                {
                    adapter.ReportKept(
                        channel,
                        "without a spectrum, since they are not pairs of factors",
                        "without a spectrum, since they belong to no layer"
                    );
                }

                foreach (LayerSpectrum spectrum in Session.Decompose(adapter, layers, channel, cancellationToken))
                {
                    channel.Write(spectrum);
                }

                return layers.Length;
            }
        );
        if (adapter.OtherTensors.Count > 0)
        {
            WriteVerbose($"'{adapter.Path}': {adapter.OtherTensors.Count} tensors belong to no layer that has a spectrum.");
        }
    }

    private AdapterLayer[] Choose(Adapter adapter)
    {
        if (Layer is null)
        {
            return [.. adapter.Layers];
        }

        var patterns = new LayerPatterns(Layer);
        patterns.ReportMissing(
            this,
            adapter.Layers.Select(static layer => layer.Name),
            name =>
                adapter.KeptLayers.FirstOrDefault(layer => name.Equals(layer.Name, StringComparison.OrdinalIgnoreCase)) is { } kept
                    ? $"The layer '{kept.Name}' of '{adapter.Path}' has no spectrum ({kept.Reason})."
                    : $"'{adapter.Path}' has no layer '{name}'."
        );
        return [.. adapter.Layers.Where(layer => patterns.IsMatch(layer.Name))];
    }
}
