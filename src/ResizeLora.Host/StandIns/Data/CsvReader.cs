using System.Text;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Reads rows of separated values, quoted ones over several lines too.</summary>
internal static class CsvReader
{
    /// <summary>The columns' names of a file; none when it is empty.</summary>
    public static string[] ReadColumns(string path, string? encoding, char delimiter)
    {
        using StreamReader reader = TextFile.OpenReader(path, encoding);
        return ReadRows(reader, delimiter).FirstOrDefault() ?? [];
    }

    /// <summary>Every row that has anything in it.</summary>
    public static IEnumerable<string[]> ReadRows(TextReader reader, char delimiter)
    {
        var values = new List<string>();
        var value = new StringBuilder();
        bool isQuoted = false;
        bool hasContent = false;
        int next;
        while ((next = reader.Read()) >= 0)
        {
            char character = (char)next;
            if (isQuoted && character == '"' && reader.Peek() == '"')
            {
                value.Append((char)reader.Read());
            }
            else if (character == '"')
            {
                isQuoted = !isQuoted;
                hasContent = true;
            }
            else if (isQuoted || (character != delimiter && character is not ('\r' or '\n')))
            {
                value.Append(character);
                hasContent = true;
            }
            else if (character == delimiter)
            {
                hasContent = true;
                EndValue();
            }
            else if (character == '\n' && hasContent)
            {
                yield return EndRow();
            }
        }

        if (hasContent)
        {
            yield return EndRow();
        }

        void EndValue()
        {
            values.Add(value.ToString());
            value.Clear();
        }

        string[] EndRow()
        {
            EndValue();
            string[] row = [.. values];
            values.Clear();
            hasContent = false;
            return row;
        }
    }
}
