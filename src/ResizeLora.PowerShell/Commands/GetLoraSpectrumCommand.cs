using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.PowerShell.Hosting;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the singular values of every layer of LoRA files.</para>
/// <para type="description">Writes one object a layer, in the order of the file, as soon as it is computed. The objects can be filtered and piped to Resize-Lora, which then does not decompose them again.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "LoraSpectrum", DefaultParameterSetName = PathSet)]
[OutputType(typeof(LayerSpectrum))]
public sealed class GetLoraSpectrumCommand : LoraFileCommand
{
    /// <inheritdoc/>
    protected override string Activity => "Reading the spectra of LoRA files";

    /// <inheritdoc/>
    protected override void Process(Adapter adapter)
    {
        using (adapter)
        {
            Run((channel, cancellationToken) =>
            {
                foreach (LayerSpectrum spectrum in Session.Decompose(adapter, adapter.Layers, channel, cancellationToken))
                {
                    channel.Write(spectrum);
                }

                return adapter.Layers.Count;
            });
            if (adapter.OtherTensors.Count > 0)
            {
                WriteVerbose($"'{adapter.Path}': {adapter.OtherTensors.Count} tensors belong to no layer that has a spectrum.");
            }
        }
    }
}
