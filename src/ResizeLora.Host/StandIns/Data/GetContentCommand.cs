using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Reads files, line by line or whole.</summary>
[Cmdlet(VerbsCommon.Get, "Content", DefaultParameterSetName = PathSet)]
[OutputType(typeof(string), typeof(byte))]
internal sealed class GetContentCommand : PathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    [Parameter]
    public SwitchParameter Raw { get; set; }

    [Parameter]
    [Alias("First", "Head")]
    public int TotalCount { get; set; } = -1;

    [Parameter]
    [Alias("Last")]
    public int Tail { get; set; } = -1;

    [Parameter]
    public string? Encoding { get; set; }

    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string path in GivenPaths)
        {
            if (!IsLiteral && !WildcardPattern.ContainsWildcardCharacters(path) && GetItems(path, Force).Count == 0)
            {
                continue;
            }

            foreach (string file in GetFiles(path))
            {
                WriteContent(file);
            }
        }
    }

    private void WriteContent(string file)
    {
        if (AsByteStream)
        {
            byte[] bytes = Attempt(file, () => File.ReadAllBytes(file), otherwise: []);
            WriteObject(bytes, enumerateCollection: !Raw);
            return;
        }

        using StreamReader? reader = Attempt(file, () => TextFile.OpenReader(file, Encoding), otherwise: null);
        if (reader is null)
        {
            return;
        }

        if (Raw)
        {
            WriteObject(reader.ReadToEnd());
        }
        else if (Tail >= 0)
        {
            WriteObject(Lines(reader).TakeLast(Tail).ToArray(), enumerateCollection: true);
        }
        else
        {
            foreach (string line in TotalCount >= 0 ? Lines(reader).Take(TotalCount) : Lines(reader))
            {
                WriteObject(line);
            }
        }
    }

    private static IEnumerable<string> Lines(StreamReader reader)
    {
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
