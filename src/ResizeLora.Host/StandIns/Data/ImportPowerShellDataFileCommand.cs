using System.Management.Automation;
using System.Management.Automation.Language;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Reads the hashtable of a .psd1 file without running anything in it.</summary>
[Cmdlet(VerbsData.Import, "PowerShellDataFile", DefaultParameterSetName = PathSet)]
internal sealed class ImportPowerShellDataFileCommand : PathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (string file in GivenPaths.SelectMany(path => GetFiles(path)))
        {
            if (Attempt(file, () => Read(file), otherwise: null) is { } table)
            {
                WriteObject(table);
            }
        }
    }

    private static object? Read(string file)
    {
        Ast script = Parser.ParseFile(file, out _, out ParseError[] errors);
        if (errors.Length > 0)
        {
            throw new ParseException(errors);
        }

        return script.Find(node => node is HashtableAst, searchNestedScriptBlocks: false)?.SafeGetValue()
            ?? throw new ArgumentException($"The file '{file}' holds no hashtable.");
    }
}
