using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using ResizeLora.Pictures.PageData;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.Pictures;

/// <summary>
/// A page for a browser, one file that needs no other: the spectra of LoRA files, and sliders that show what any recipe would make of them.
/// </summary>
public sealed class SpectrumPage
{
    private const string Resource = "page.html";
    private const string TitlePlace = "{{title}}";
    private const string DataPlace = "{{data}}";
    private const int DataVersion = 1;

    private readonly List<(string Name, byte[] Data)> files = [];
    private bool hasBase;

    /// <summary>How many files are on the page.</summary>
    public int FileCount => files.Count;

    /// <summary>Puts a file on the page; the job is not needed after that.</summary>
    /// <param name="job">The file, decomposed. Where it was compared with the base model's subspaces, the page has that score too.</param>
    public void Add(ResizeJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        files.Add((Path.GetFileName(job.SourcePath), PageFile.Write(job)));
        hasBase |= job.Checkpoint is not null;
    }

    /// <summary>Writes the page.</summary>
    /// <param name="recipes">The recipes that it begins with; the default one where there are none.</param>
    public byte[] Render(IReadOnlyList<ResizeRecipe> recipes)
    {
        ArgumentNullException.ThrowIfNull(recipes);
        string title = $"Spectra of {string.Join(", ", files.Select(static file => file.Name))}";

        // The title comes from strangers, the data is JSON whose '<' is escaped: neither can end the element that it stands in.
        string page = Template();
        int titleStart = page.IndexOf(TitlePlace, StringComparison.Ordinal);
        int dataStart = page.IndexOf(DataPlace, StringComparison.Ordinal);
        return
        [
            .. Encoding.UTF8.GetBytes(page[..titleStart] + WebUtility.HtmlEncode(title)),
            .. Encoding.UTF8.GetBytes(page[(titleStart + TitlePlace.Length)..dataStart]),
            .. Data(recipes),
            .. Encoding.UTF8.GetBytes(page[(dataStart + DataPlace.Length)..]),
        ];
    }

    private static string Template()
    {
        using Stream stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource) ?? throw new InvalidOperationException(
                $"The resource {Resource} is missing from the assembly."
            );
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private byte[] Data(IReadOnlyList<ResizeRecipe> recipes)
    {
        string[] texts =
            recipes.Count > 0 ? [.. recipes.Select(static recipe => recipe.ToString())]
            : hasBase ? [ResizeRecipe.DefaultText]
            : [ResizeRecipe.DefaultTextWithoutBase];
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("version", DataVersion);
            json.WriteString("tool", ResizeMetadata.Tool);
            json.WriteStartArray("recipes");
            Array.ForEach(texts, json.WriteStringValue);
            json.WriteEndArray();
            json.WriteStartArray("files");
            files.ForEach(file => json.WriteRawValue(file.Data, skipInputValidation: true));
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }
}
