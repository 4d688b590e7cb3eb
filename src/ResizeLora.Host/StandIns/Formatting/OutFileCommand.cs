using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;
using ResizeLora.Host.Engine;
using ResizeLora.Host.StandIns.Data;

namespace ResizeLora.Host.StandIns.Formatting;

/// <summary>Writes what the console would show to a file; the language's <c>&gt;</c> and <c>&gt;&gt;</c> use it.</summary>
[Cmdlet(VerbsData.Out, "File", SupportsShouldProcess = true, DefaultParameterSetName = "ByPath")]
internal sealed class OutFileCommand : FrontEndCommandBase
{
    private StreamWriter? _writer;

    public OutFileCommand()
    {
        EngineInternals.UseOutput(this);
    }

    [Alias("Path")]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByPath")]
    public string? FilePath { get; set; }

    [Alias("PSPath", "LP")]
    [Parameter(Mandatory = true, ParameterSetName = "ByLiteralPath", ValueFromPipelineByPropertyName = true)]
    public string? LiteralPath { get; set; }

    [Parameter(Position = 1)]
    public string? Encoding { get; set; }

    [Parameter]
    public SwitchParameter Append { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [Alias("NoOverwrite")]
    public SwitchParameter NoClobber { get; set; }

    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int Width { get; set; } = int.MaxValue;

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    protected override void BeginProcessing()
    {
        string path = GetUnresolvedProviderPathFromPSPath(FilePath ?? LiteralPath!);
        TextWriter target = TextWriter.Null;
        if (ShouldProcess(path, "Output to File"))
        {
            try
            {
                target = _writer = TextFile.OpenWriter(path, Encoding, Append, NoClobber && !Append);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
            {
                ThrowTerminatingError(new ErrorRecord(exception, "FileOpenFailure", ErrorCategory.OpenError, path));
            }
        }

        EngineInternals.WriteTo(this, new LineWriter(NoNewline ? target.Write : target.WriteLine), Width);
        base.BeginProcessing();
    }

    protected override void EndProcessing()
    {
        base.EndProcessing();
        _writer?.Dispose();
    }

    protected override void InternalDispose()
    {
        base.InternalDispose();
        _writer?.Dispose();
    }
}
