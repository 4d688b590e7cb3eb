using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.Pictures.PageData;

/// <summary>How many bytes of an output's header its metadata takes, apart from what depends on the recipe.</summary>
internal static class PageMetadata
{
    private const string WithoutBase = "spn_lora=1,thr=0";
    private const string OverBase = "spn_ckpt=1,thr=0";

    /// <summary>Writes the lengths.</summary>
    /// <param name="json">Takes them.</param>
    /// <param name="job">The file.</param>
    /// <param name="peft">PEFT's settings in its header, or null.</param>
    /// <param name="type">The type that factors are written in.</param>
    /// <param name="kind">In which form layers of other kinds are written.</param>
    public static void Write(Utf8JsonWriter json, ResizeJob job, PagePeft? peft, TensorType type, OutputKind kind)
    {
        (int @fixed, int tail) = LengthsOf(job, ResizeRecipe.Parse(WithoutBase), type, kind);
        (_, int tailOverBase) = LengthsOf(job, ResizeRecipe.Parse(OverBase), type, kind);
        json.WriteStartObject("metadata");
        json.WriteNumber("fixed", @fixed);
        json.WriteNumber("parametersTail", tail);
        json.WriteNumber("parametersTailWithCheckpoint", tailOverBase);
        if (peft is null)
        {
            json.WriteNull("peft");
        }
        else
        {
            peft.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static (int Fixed, int Tail) LengthsOf(ResizeJob job, ResizeRecipe recipe, TensorType type, OutputKind kind)
    {
        OutputMaking making = job.Describe(recipe, type, kind);
        Dictionary<string, string> metadata = ResizeMetadata.Create(
            job.Adapter.Metadata,
            making,
            recipe.Threshold,
            ResizeMetadata.HighestRankOf(job.Adapter)
        );
        string parameters = metadata[Adapter.ResizeKey];
        string lastOfRecipe = $"\"tool\":\"{ResizeMetadata.Tool}\"";
        int end = parameters.IndexOf(lastOfRecipe, StringComparison.Ordinal) + lastOfRecipe.Length;
        metadata[Adapter.ResizeKey] = string.Empty;
        if (PagePeft.Of(job.Adapter) is not null)
        {
            metadata[PeftSettings.MetadataKey] = string.Empty;
        }

        // "__metadata__":{…}, and a comma behind each entry but the last; the recipe stands in the comment once.
        int entries = metadata.Sum(static entry => HeaderText.ByteLengthOf(entry.Key) + 1 + HeaderText.ByteLengthOf(entry.Value) + 1);
        int all = HeaderText.ByteLengthOf(SafetensorsHeader.MetadataKey) + 1 + 2 + entries - 1;
        const int Quotes = 2;
        return (all - recipe.ToString().Length, HeaderText.ByteLengthOf(parameters[end..]) - Quotes);
    }
}
