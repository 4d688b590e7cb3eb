using System;
using System.IO;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies of a Mach-O library for several processors the part for arm64, as <c>lipo -thin arm64</c> does: there is no libtorch for others.
/// </summary>
/// <remarks>
/// The header, big-endian: magic, count, then for each processor type, subtype, offset, size and alignment (mach-o/fat.h). Each part is
/// signed by itself.
/// </remarks>
public sealed class ThinLibrary : Task
{
    private const uint FatMagic = 0xcafebabe;
    private const uint Arm64 = 0x0100000c;

    /// <summary>The library to read. It is never written.</summary>
    [Required]
    public string Library { get; set; } = "";

    /// <summary>Where the part goes.</summary>
    [Required]
    public string Destination { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        try
        {
            byte[] image = File.ReadAllBytes(Library);
            string unfinished = Destination + ".new";
            Directory.CreateDirectory(Path.GetDirectoryName(Destination));
            File.WriteAllBytes(unfinished, Thin(image));
            File.Delete(Destination);
            File.Move(unfinished, Destination);
        }
        catch (Exception error) when (error is ArgumentException || error is InvalidDataException || error is OverflowException)
        {
            Log.LogError("{0} has no part for arm64, or is cut short.", Library);
        }
        catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
        {
            Log.LogErrorFromException(error);
        }

        return !Log.HasLoggedErrors;
    }

    private static byte[] Thin(byte[] image)
    {
        if (Number(image, 0) != FatMagic)
        {
            return image;
        }

        for (int entry = 8; entry < 8 + (20 * Number(image, 4)); entry += 20)
        {
            if (Number(image, entry) == Arm64)
            {
                byte[] part = new byte[Number(image, entry + 12)];
                Array.Copy(image, checked((int)Number(image, entry + 8)), part, 0, part.Length);
                return part;
            }
        }

        throw new InvalidDataException();
    }

    private static uint Number(byte[] image, int at)
    {
        return ((uint)image[at] << 24) | ((uint)image[at + 1] << 16) | ((uint)image[at + 2] << 8) | image[at + 3];
    }
}
