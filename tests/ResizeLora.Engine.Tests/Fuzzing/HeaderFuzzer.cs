using System.Globalization;
using System.Text;
using ResizeLora.Files;

namespace ResizeLora.Tests.Fuzzing;

/// <summary>Makes headers that are almost right: a valid one, with a few changes that know the format.</summary>
internal static class HeaderFuzzer
{
    private static readonly string[] NastyValues =
    [
        "0",
        "1",
        "-1",
        "8",
        "2147483648",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "1.5",
        "1e2",
        "1e400",
        "-0",
        "null",
        "true",
        "\"\"",
        "\"1\"",
        "{}",
        "[]",
        "[0]",
        "[[0]]",
        "[0,1,2]",
        "NaN",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"F32\"",
        "\"F99\"",
        "\"BF16\"",
        "[[[[[[[[[[[[]]]]]]]]]]]]",
    ];

    private static readonly string[] NastyText =
    [
        ",",
        "}",
        "{",
        "]",
        "[",
        "\"",
        "\\",
        ":",
        "\0",
        " ",
        "\n",
        "\uFEFF",
        "/",
        "é",
        "\"x\":",
        "{}",
    ];

    private static readonly TensorType[] Types = Enum.GetValues<TensorType>();

    /// <summary>The next header, and the length of the data that a file with it might have.</summary>
    public static (byte[] Json, long DataLength) Next(Random random)
    {
        (List<List<string>> members, long dataLength) = ValidMembers(random);
        for (int change = random.Next(4); change > 0; change--)
        {
            ChangeMember(members, random);
        }

        string json =
            "{" + string.Join(',', members.Select(static member => string.Concat(member))) + "}" + new string(' ', random.Next(8));
        for (int change = random.Next(6) == 0 ? random.Next(1, 4) : 0; change > 0 && json.Length > 0; change--)
        {
            int position = random.Next(json.Length);
            json = random.Next(3) switch
            {
                0 => json.Remove(position, Math.Min(random.Next(1, 20), json.Length - position)),
                1 => json.Insert(position, NastyText[random.Next(NastyText.Length)]),
                _ => json[..(position + 1)],
            };
        }

        byte[] bytes = Encoding.UTF8.GetBytes(json);
        if (bytes.Length > 0 && random.Next(12) == 0)
        {
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        }

        return (bytes, random.Next(8) == 0 ? dataLength + random.Next(-2, 3) : dataLength);
    }

    // Each member of the object is a list of pieces: punctuation at even places, values, which may be changed, at odd ones.
    private static (List<List<string>> Members, long DataLength) ValidMembers(Random random)
    {
        var members = new List<List<string>>();
        if (random.Next(3) > 0)
        {
            members.Add(["", "\"__metadata__\"", ":{", "\"key\"", ":", "\"value\"", ",\"other\":", "\"1\"", "}"]);
        }

        long position = 0;
        for (int count = random.Next(5); count > 0; count--)
        {
            TensorType type = Types[random.Next(Types.Length)];
            int[] shape = [4 * random.Next(3), random.Next(1, 4)];
            long end = position + (shape[0] * shape[1] * TensorTypes.BitsOf(type) / 8);
            members.Add([
                "",
                $"\"tensor{members.Count}\"",
                ":{\"dtype\":",
                $"\"{TensorTypes.NameOf(type)}\"",
                ",\"shape\":[",
                Text(shape[0]),
                ",",
                Text(shape[1]),
                "],\"data_offsets\":[",
                Text(position),
                ",",
                Text(end),
                "]}",
            ]);
            position = end;
        }

        return (members, position);
    }

    private static void ChangeMember(List<List<string>> members, Random random)
    {
        if (members.Count == 0)
        {
            members.Add(["\"x\":", NastyValues[random.Next(NastyValues.Length)]]);
            return;
        }

        List<string> member = members[random.Next(members.Count)];
        int place = Math.Min((2 * random.Next(member.Count / 2)) + 1, member.Count - 1);
        switch (random.Next(8))
        {
            case 0:
                members.Add([.. member]);
                break;
            case 1:
                members.Remove(member);
                break;
            case 2:
                members.Reverse();
                break;
            case 3:
                (member[place], member[^2]) = (member[^2], member[place]);
                break;
            case 4:
                member[place] = Repeated(random);
                break;
            case 5:
                member[^1] = ",\"shape\":[1]}";
                break;
            default:
                member[place] = NastyValues[random.Next(NastyValues.Length)];
                break;
        }
    }

    // Long lists of the shortest elements, and deep ones: what could make a reader take more than it was given.
    private static string Repeated(Random random)
    {
        int count = 1 << random.Next(4, 13);
        return random.Next(3) switch
        {
            0 => new string('[', count),
            1 => "[" + string.Join(',', Enumerable.Repeat("0", count)) + "]",
            _ => string.Join(',', Enumerable.Repeat("1", count)),
        };
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
