using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies a 64-bit ELF library and marks one symbol version that it needs as weak, so that the loader
/// accepts it on a machine whose libraries are too old to define that version.
/// </summary>
/// <remarks>
/// Right only where nothing refers to a symbol of that version, which is checked.
/// Structures: System V ABI, chapter 4 (headers, symbols, relocations); Linux Standard Base, chapter 10.7 (versions).
/// </remarks>
public sealed class WeakVersionNeed : Task
{
    private const uint DynamicSymbols = 11;
    private const uint Relocations = 4;
    private const uint VersionNeeds = 0x6ffffffe;
    private const uint SymbolVersions = 0x6fffffff;
    private const ushort Weak = 0x2;
    private const ushort VersionIndex = 0x7fff;

    private byte[] image = Array.Empty<byte>();

    /// <summary>The library to read. It is never written.</summary>
    [Required]
    public string Library { get; set; } = "";

    /// <summary>Where the mended copy goes.</summary>
    [Required]
    public string Destination { get; set; } = "";

    /// <summary>The name of the version, for example GLIBCXX_3.4.32.</summary>
    [Required]
    public string Version { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        try
        {
            image = File.ReadAllBytes(Library);
            if (Mend())
            {
                Log.LogMessage(MessageImportance.Normal, "{0}: the need for {1} is weak in {2}.", Library, Version, Destination);
            }
            else
            {
                Log.LogMessage(MessageImportance.Low, "{0} has no strong need for {1}: copied as it is.", Library, Version);
            }

            Write();
        }
        catch (InvalidDataException error)
        {
            Log.LogError("{0} cannot be mended: {1}", Library, error.Message);
        }
        catch (Exception error) when (error is ArgumentException || error is OverflowException)
        {
            Log.LogError("{0} cannot be mended: it is cut short, or one of its tables points outside it.", Library);
        }
        catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
        {
            Log.LogErrorFromException(error);
        }

        return !Log.HasLoggedErrors;
    }

    private bool Mend()
    {
        List<Section> sections = ReadSections();
        Section needs = sections.Find(section => section.Type == VersionNeeds);
        int entry = needs == null ? -1 : FindVersion(needs, sections[needs.Link]);
        if (entry < 0 || (Number16(entry + 4) & Weak) != 0)
        {
            return false;
        }

        RefuseReferences(sections, Number16(entry + 6));
        image[entry + 4] |= (byte)Weak;
        return true;
    }

    private List<Section> ReadSections()
    {
        byte[] expected = { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1 };
        for (int i = 0; i < expected.Length; i++)
        {
            if (image.Length < 64 || image[i] != expected[i])
            {
                throw new InvalidDataException("it is not a little-endian 64-bit ELF file.");
            }
        }

        int table = Offset(0x28);
        int size = Number16(0x3a);
        var sections = new List<Section>();
        for (int i = 0; i < Number16(0x3c); i++)
        {
            int header = table + (i * size);
            sections.Add(
                new Section
                {
                    Type = Number32(header + 4),
                    Start = Offset(header + 0x18),
                    Length = Offset(header + 0x20),
                    Link = checked((int)Number32(header + 0x28)),
                    Information = Number32(header + 0x2c),
                }
            );
        }

        return sections;
    }

    /// <summary>
    /// The position of the version's Vernaux entry, or -1. A Verneed entry names a library and heads a chain of Vernaux entries.
    /// </summary>
    private int FindVersion(Section needs, Section names)
    {
        int library = needs.Start;
        for (uint left = needs.Information; left > 0; left--)
        {
            int version = checked(library + (int)Number32(library + 8));
            for (int more = Number16(library + 2); more > 0; more--)
            {
                if (Text(checked(names.Start + (int)Number32(version + 8))) == Version)
                {
                    return version;
                }

                version = checked(version + (int)Number32(version + 12));
            }

            library = checked(library + (int)Number32(library + 12));
        }

        return -1;
    }

    /// <summary>Throws when a relocation needs a symbol of the version: such a library would load, and then fail in use.</summary>
    private void RefuseReferences(List<Section> sections, int version)
    {
        Section symbols = sections.Find(section => section.Type == DynamicSymbols);
        Section versions = sections.Find(section => section.Type == SymbolVersions);
        if (symbols == null || versions == null)
        {
            throw new InvalidDataException("it needs symbol versions but has no table of them.");
        }

        foreach (Section relocations in sections.FindAll(section => section.Type == Relocations))
        {
            for (int at = relocations.Start; at < relocations.Start + relocations.Length; at += 24)
            {
                int symbol = checked((int)Number32(at + 12));
                if ((Number16(versions.Start + (symbol * 2)) & VersionIndex) == version)
                {
                    int name = checked(sections[symbols.Link].Start + (int)Number32(symbols.Start + (symbol * 24)));
                    throw new InvalidDataException(Text(name) + " of " + Version + " is in use.");
                }
            }
        }
    }

    /// <summary>Replaces the destination as a whole, so that a process that runs the old one keeps it.</summary>
    private void Write()
    {
        string unfinished = Destination + ".new";
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        File.WriteAllBytes(unfinished, image);
        File.Delete(Destination);
        File.Move(unfinished, Destination);
    }

    private ushort Number16(int at)
    {
        return BitConverter.ToUInt16(image, at);
    }

    private uint Number32(int at)
    {
        return BitConverter.ToUInt32(image, at);
    }

    private int Offset(int at)
    {
        return checked((int)BitConverter.ToUInt64(image, at));
    }

    private string Text(int at)
    {
        int end = Array.IndexOf(image, (byte)0, at);
        return end < 0 ? throw new InvalidDataException("a name in it has no end.") : Encoding.ASCII.GetString(image, at, end - at);
    }

    private sealed class Section
    {
        public uint Type;
        public int Start;
        public int Length;
        public int Link;
        public uint Information;
    }
}
