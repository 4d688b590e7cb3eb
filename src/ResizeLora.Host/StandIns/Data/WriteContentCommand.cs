using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>What Set-Content and Add-Content share: they gather the values and write them at the end.</summary>
internal abstract class WriteContentCommand : PathCommand
{
    private readonly List<object?> _values = [];

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyCollection]
    public object?[]? Value { get; set; }

    [Parameter]
    public string? Encoding { get; set; }

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Whether what the file holds stays.</summary>
    protected abstract bool Appends { get; }

    protected override void ProcessRecord() => _values.AddRange(Value ?? [null]);

    protected override void EndProcessing()
    {
        foreach (string file in GivenPaths.SelectMany(path => GetFiles(path, mayBeNew: true)))
        {
            if (ShouldProcess($"Path: {file}", Appends ? "Add Content" : "Set Content"))
            {
                Attempt(file, () => Write(file));
            }
        }
    }

    private void Write(string file)
    {
        if (AsByteStream)
        {
            using var stream = new FileStream(file, Appends ? FileMode.Append : FileMode.Create, FileAccess.Write);
            stream.Write([.. _values.Select(LanguagePrimitives.ConvertTo<byte>)]);
            return;
        }

        using StreamWriter writer = TextFile.OpenWriter(file, Encoding, Appends);
        foreach (object? value in _values.Where(value => value is not null))
        {
            string text = PSObject.AsPSObject(value).ToString();
            writer.Write(NoNewline ? text : text + Environment.NewLine);
        }
    }
}
