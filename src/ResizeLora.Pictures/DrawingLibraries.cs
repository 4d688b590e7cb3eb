using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ResizeLora.Compute;
using SkiaSharp;

namespace ResizeLora.Pictures;

/// <summary>Lets Skia's and HarfBuzz' native libraries be found in the module's folder, when the first picture asks for them.</summary>
internal static class DrawingLibraries
{
    private static readonly Lazy<bool> Ready = new(Prepare);

    /// <summary>Makes sure that a picture with text can be drawn.</summary>
    /// <exception cref="PictureException">A library cannot be loaded, or the machine has no font.</exception>
    public static void EnsureReady() => _ = Ready.Value;

    private static bool Prepare()
    {
        string? folder = RuntimeFolders.FindModule();
        if (folder is not null)
        {
            AssemblyLoadContext.GetLoadContext(typeof(SKCanvas).Assembly)!.ResolvingUnmanagedDll += (_, name) => Find(folder, name);
        }

        try
        {
            // Without fonts Skia still names one, which has no letters; a picture would come out without a word on it.
            using SKTypeface typeface = SKTypeface.FromFamilyName(SpectrumPlots.FontFamily);
            if (typeface.GetGlyph('0') == 0)
            {
                throw new PictureException(
                    "FontMissing",
                    "There is no font on this machine to write the labels of a picture with. Install one (on Debian and Ubuntu: "
                        + "fonts-dejavu-core), or export CSV or JSON."
                );
            }

            return true;
        }
        catch (Exception exception) when (exception is DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            throw new PictureException(
                "LibraryUnusable",
                $"The library that draws pictures cannot be loaded: {exception.Message} CSV and JSON can be exported without it.",
                exception
            );
        }
    }

    private static nint Find(string folder, string name)
    {
        string extension =
            OperatingSystem.IsWindows() ? ".dll"
            : OperatingSystem.IsMacOS() ? ".dylib"
            : ".so";
        string file = name.EndsWith(extension, StringComparison.Ordinal) ? name : name + extension;
        return NativeLibrary.TryLoad(Path.Combine(folder, file), out nint handle) ? handle : 0;
    }
}
