using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>The parameters that say how separated values are written.</summary>
internal abstract class CsvWritingCommand : StandInCommand
{
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public PSObject? InputObject { get; set; }

    [Parameter]
    public char Delimiter { get; set; } = ',';

    [Parameter]
    [Alias("NTI")]
    public SwitchParameter NoTypeInformation { get; set; }

    [Parameter]
    [Alias("UQ")]
    [ValidateSet("Always", "AsNeeded")]
    public string UseQuotes { get; set; } = "Always";

    /// <summary>A renderer as the parameters ask.</summary>
    protected CsvRenderer CreateRenderer() => new(Delimiter, UseQuotes.Equals("Always", StringComparison.OrdinalIgnoreCase));
}
