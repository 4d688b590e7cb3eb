using System.Management.Automation;
using System.Security.Cryptography;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Computes the SHA-2 hashes of files.</summary>
[Cmdlet(VerbsCommon.Get, "FileHash", DefaultParameterSetName = PathSet)]
internal sealed class GetFileHashCommand : PathCommand
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    [Parameter(Position = 1)]
    [ValidateSet("SHA256", "SHA384", "SHA512")]
    public string Algorithm { get; set; } = "SHA256";

    protected override void ProcessRecord()
    {
        foreach (string file in GivenPaths.SelectMany(path => GetFiles(path)))
        {
            byte[] hash = Attempt(file, () => Hash(file), otherwise: []);
            if (hash.Length > 0)
            {
                var result = new PSObject();
                result.TypeNames.Insert(0, "Microsoft.PowerShell.Commands.FileHashInfo");
                result.Properties.Add(new PSNoteProperty("Algorithm", Algorithm.ToUpperInvariant()));
                result.Properties.Add(new PSNoteProperty("Hash", Convert.ToHexString(hash)));
                result.Properties.Add(new PSNoteProperty("Path", file));
                WriteObject(result);
            }
        }
    }

    private byte[] Hash(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return CryptographicOperations.HashData(new HashAlgorithmName(Algorithm.ToUpperInvariant()), stream);
    }
}
