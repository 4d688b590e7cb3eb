using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ResizeLora.Host.StandIns.Data;

/// <summary>Writes objects as JSON in PowerShell's way: properties of objects, elements of lists, text below a depth.</summary>
internal sealed class JsonRenderer(int depth, bool enumsAsStrings)
{
    /// <summary>Whether anything lay deeper than the depth and was written as text.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>The JSON of <paramref name="value"/>.</summary>
    public string Render(object? value, bool compress)
    {
        using var stream = new MemoryStream();
        var options = new JsonWriterOptions
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Indented = !compress,
            MaxDepth = int.MaxValue,
            NewLine = Environment.NewLine,
        };
        using (var writer = new Utf8JsonWriter(stream, options))
        {
            Write(writer, value, level: 0);
        }

        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private void Write(Utf8JsonWriter writer, object? value, int level)
    {
        var wrapped = value as PSObject;
        object? plain = wrapped is null ? value : wrapped.BaseObject;
        if (TryWriteScalar(writer, plain))
        {
            return;
        }

        if (level > depth)
        {
            IsTruncated = true;
            writer.WriteStringValue(LanguagePrimitives.ConvertTo<string>(value));
            return;
        }

        switch (plain)
        {
            case IDictionary table:
                writer.WriteStartObject();
                foreach (DictionaryEntry entry in table)
                {
                    // As the real command: a number or an enumeration as key is refused, not turned into text.
                    string key = (entry.Key is PSObject boxed ? boxed.BaseObject : entry.Key) as string
                        ?? throw new InvalidOperationException($"The type '{table.GetType()}' is not supported for serialization or deserialization of a dictionary. Keys must be strings.");
                    writer.WritePropertyName(key);
                    Write(writer, entry.Value, level + 1);
                }

                writer.WriteEndObject();
                break;
            case IEnumerable elements:
                writer.WriteStartArray();
                foreach (object? element in elements)
                {
                    Write(writer, element, level + 1);
                }

                writer.WriteEndArray();
                break;
            default:
                WriteProperties(writer, PSObject.AsPSObject(value), level);
                break;
        }
    }

    private void WriteProperties(Utf8JsonWriter writer, PSObject value, int level)
    {
        // The type's own properties come before those that PowerShell adds to it.
        writer.WriteStartObject();
        foreach (PSPropertyInfo property in value.Properties.OrderBy(property => property.MemberType == PSMemberTypes.Property ? 0 : 1))
        {
            writer.WritePropertyName(property.Name);
            Write(writer, ValueOf(property), level + 1);
        }

        writer.WriteEndObject();
    }

    private bool TryWriteScalar(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null or DBNull:
                writer.WriteNullValue();
                break;
            case string or char or Guid or Uri or ScriptBlock or Type:
                writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
            case bool truth:
                writer.WriteBooleanValue(truth);
                break;
            case SwitchParameter parameter:
                writer.WriteBooleanValue(parameter.IsPresent);
                break;
            case Enum named:
                WriteEnum(writer, named);
                break;
            case DateTime or DateTimeOffset:
                writer.WriteStringValue(((IFormattable)value).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture));
                break;
            case double or float or Half or decimal:
                WriteReal(writer, (IFormattable)value);
                break;
            case BigInteger big:
                writer.WriteRawValue(big.ToString(CultureInfo.InvariantCulture));
                break;
            case byte or sbyte or short or ushort or int or uint or long or ulong:
                writer.WriteNumberValue(Convert.ToDecimal(value, CultureInfo.InvariantCulture));
                break;
            default:
                return false;
        }

        return true;
    }

    private void WriteEnum(Utf8JsonWriter writer, Enum value)
    {
        if (enumsAsStrings)
        {
            writer.WriteStringValue(value.ToString());
        }
        else
        {
            writer.WriteNumberValue(Convert.ToDecimal(value, CultureInfo.InvariantCulture));
        }
    }

    private static void WriteReal(Utf8JsonWriter writer, IFormattable value)
    {
        string text = value.ToString(value is decimal ? null : "R", CultureInfo.InvariantCulture);
        if (text is "NaN" or "Infinity" or "-Infinity")
        {
            writer.WriteStringValue(text);
            return;
        }

        if (text.AsSpan().ContainsAny('.', 'E'))
        {
            WriteNumber(writer, value);
        }
        else
        {
            // A whole number keeps its point, so that it is read back as what it was; a decimal remembers it.
            writer.WriteNumberValue(decimal.Parse(text + ".0", CultureInfo.InvariantCulture));
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, IFormattable value)
    {
        switch (value)
        {
            case decimal exact:
                writer.WriteNumberValue(exact);
                break;
            case double real:
                writer.WriteNumberValue(real);
                break;
            default:
                // Single and half precision have their own shortest texts, which double's would lengthen.
                writer.WriteNumberValue(LanguagePrimitives.ConvertTo<float>(value));
                break;
        }
    }

    private static object? ValueOf(PSPropertyInfo property)
    {
        try
        {
            return property.Value;
        }
        catch (GetValueException)
        {
            // A property that cannot be read has no value to write.
            return null;
        }
    }
}
