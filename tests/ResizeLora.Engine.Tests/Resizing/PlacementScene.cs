using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>Small LoRA files in a folder of their own, to be placed and written.</summary>
internal sealed class PlacementScene : IDisposable
{
    public const string Layer = "lora_unet_input_blocks_4_1_proj_in";
    public const string OtherLayer = "lora_te1_text_model_encoder_layers_0_mlp_fc1";

    private readonly TemporaryFolder folder = new();
    private readonly List<IDisposable> opened = [];

    public string PathOf(string name) => folder.PathOf(name);

    /// <summary>Writes a LoRA; its content follows from the seed.</summary>
    public string Lora(string name, int seed = 1)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        return new SampleLora(seed).Layer(Layer, 12, 10, 4, alpha: 2).Layer(OtherLayer, 9, 8, 3).Write(PathOf(name));
    }

    /// <summary>Describes the output of a LoRA, which is written if it does not exist yet.</summary>
    public OutputMaking Making(
        string recipe,
        string name = "lora.safetensors",
        TensorType type = TensorType.Float16,
        string? checkpoint = null,
        params string[] layers
    )
    {
        string path = File.Exists(PathOf(name)) ? PathOf(name) : Lora(name);
        var session = new ResizeSession("cpu", checkpoint, new NormCache(PathOf("cache")));
        var adapter = Adapter.Open(path);
        opened.AddRange([session, adapter]);
        IEnumerable<string> taking = layers.Length > 0 ? layers : adapter.Layers.Select(static layer => layer.Name);
        return session.Describe(adapter, taking, ResizeRecipe.Parse(recipe), type, OutputKind.Smallest);
    }

    /// <summary>Writes an output where it is placed.</summary>
    public static string Write(OutputPlacement placement, OutputMaking making, bool overwrite = false)
    {
        string path = placement.Place(making, making.Recipe.Threshold, overwrite);
        placement.Prepare(path, null);
        Dictionary<string, string> metadata = ResizeMetadata.Create(new Dictionary<string, string>(), making, making.Recipe.Threshold, 4);
        SafetensorsLayout layout = SafetensorsLayout.Create([($"{Layer}.lora_up.weight", making.Type, [2])], metadata);
        using var writer = SafetensorsWriter.Create(path, layout);
        writer.Write(new byte[layout.DataLength]);
        writer.Commit(metadata, overwrite);
        return path;
    }

    /// <summary>Closes the LoRA files, as the end of a run does, so that they can be written again.</summary>
    public void Close()
    {
        opened.ForEach(static one => one.Dispose());
        opened.Clear();
    }

    public void Dispose()
    {
        Close();
        folder.Dispose();
    }
}
