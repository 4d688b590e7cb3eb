using System.Management.Automation;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Makes an object of each row of separated values.</summary>
internal static class CsvObjects
{
    /// <summary>Reads the rows; the first names the properties unless <paramref name="header"/> does.</summary>
    public static IEnumerable<PSObject> Read(TextReader reader, char delimiter, string[]? header)
    {
        foreach (string[] row in CsvReader.ReadRows(reader, delimiter))
        {
            if (header is null)
            {
                if (!row[0].StartsWith("#TYPE", StringComparison.Ordinal))
                {
                    header = row;
                }

                continue;
            }

            var result = new PSObject();
            for (int index = 0; index < header.Length; index++)
            {
                result.Properties.Add(new PSNoteProperty(header[index], index < row.Length ? row[index] : null));
            }

            yield return result;
        }
    }
}
