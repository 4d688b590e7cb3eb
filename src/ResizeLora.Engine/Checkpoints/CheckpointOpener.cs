using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Architectures;

namespace ResizeLora.Checkpoints;

/// <summary>
/// Opens base models from the files and folders that people have: one file with everything, a folder of components or of shards,
/// a file for each component. What belongs together becomes one base model.
/// </summary>
internal static class CheckpointOpener
{
    private const string IndexSuffix = ".index.json";

    // The subfolders of diffusers. Of Wan 2.2's two experts, transformer and transformer_2, the first stands for both.
    private static readonly (string Folder, Component Component)[] Subfolders =
    [
        ("unet", Component.UNet),
        ("transformer", Component.UNet),
        ("text_encoder", Component.TextEncoder1),
        ("text_encoder_2", Component.TextEncoder2),
        ("text_encoder_3", Component.TextEncoder3),
        ("text_encoder_4", Component.TextEncoder4),
    ];

    private static readonly string[] WeightFiles = ["diffusion_pytorch_model", "model", "pytorch_model"];

    /// <summary>Opens base models.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <returns>One for each denoising network or language model, with the text encoders that belong to it.</returns>
    public static IReadOnlyList<Checkpoint> Open(IReadOnlyList<string> paths)
    {
        var files = new List<BaseFile>();
        try
        {
            BaseSection[] sections = [.. paths.SelectMany(path => OpenSections(path, files))];
            return CheckpointGrouping.Of(paths, files, sections);
        }
        catch
        {
            files.ForEach(static file => file.Dispose());
            throw;
        }
    }

    private static List<BaseSection> OpenSections(string path, List<BaseFile> files)
    {
        var sections = new Dictionary<(Component, string), BaseSection>();
        foreach ((string file, Component component) in FilesOf(path))
        {
            BaseFile opened = OpenFile(file);
            files.Add(opened);
            foreach (BaseSection section in BaseSection.Of(opened, path, component))
            {
                // The shards of one component are one.
                if (!sections.TryAdd((section.Component, section.EncoderName), section))
                {
                    sections[(section.Component, section.EncoderName)].Tensors.AddRange(section.Tensors);
                }
            }
        }

        return [.. sections.Values];
    }

    private static BaseFile OpenFile(string path)
    {
        BaseFile file;
        try
        {
            file = BaseFile.Open(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, "Missing", $"The checkpoint '{path}' does not exist.");
        }

        try
        {
            PackedFormat.Refuse(file.Source);
            if (Adapter.KindOf(file.Source.Header) is AdapterFileKind.Lora)
            {
                throw new CheckpointException(path, "Unrecognised", $"'{path}' is a LoRA, not a base model.");
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static (string File, Component Component)[] FilesOf(string path)
    {
        if (path.EndsWith(IndexSuffix, StringComparison.OrdinalIgnoreCase))
        {
            return [.. Shards(path).Select(static file => (file, Component.Other))];
        }

        if (!Directory.Exists(path))
        {
            return [(path, Component.Other)];
        }

        (string, Component)[] components =
        [
            .. Subfolders.SelectMany(subfolder =>
                WeightsIn(Path.Combine(path, subfolder.Folder)).Select(file => (file, subfolder.Component))
            ),
        ];
        (string, Component)[] files =
            components.Length > 0 ? components : [.. WeightsIn(path).Select(static file => (file, Component.Other))];
        return files.Length > 0
            ? files
            : throw new CheckpointException(
                path,
                "IsFolder",
                $"The folder '{path}' holds no base model: neither folders such as unet or transformer, nor model.safetensors, nor shards "
                    + "with an index."
            );
    }

    // The weights of one component: the file of full precision, else a variant such as fp16, else the shards of an index.
    private static string[] WeightsIn(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        string[] found = [.. Directory.GetFiles(folder, "*.safetensors").Order(StringComparer.Ordinal)];
        foreach (string name in WeightFiles)
        {
            string whole = Path.Combine(folder, $"{name}.safetensors");
            if (File.Exists(whole))
            {
                return [whole];
            }

            string index = Path.Combine(folder, $"{name}.safetensors{IndexSuffix}");
            if (File.Exists(index))
            {
                return Shards(index);
            }
        }

        foreach (string name in WeightFiles)
        {
            string? index = Array.Find(
                [.. Directory.GetFiles(folder, $"{name}*{IndexSuffix}").Order(StringComparer.Ordinal)],
                static _ => true
            );
            if (index is not null)
            {
                return Shards(index);
            }

            string? variant = Array.Find(found, file => IsVariant(file, name));
            if (variant is not null)
            {
                return [variant];
            }
        }

        string[] shards = [.. found.Where(static file => file.Contains("-of-", StringComparison.Ordinal))];
        return shards.Length > 0 ? shards
            : found.Length == 1 ? found
            : [];
    }

    private static bool IsVariant(string file, string name)
    {
        string found = Path.GetFileName(file);
        return found.StartsWith($"{name}.", StringComparison.Ordinal) && !found.Contains("-of-", StringComparison.Ordinal);
    }

    private static string[] Shards(string index)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(index))!;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            string[] names =
            [
                .. document
                    .RootElement.GetProperty("weight_map")
                    .EnumerateObject()
                    .Select(static entry => entry.Value.GetString() ?? string.Empty)
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal),
            ];

            // An index is anybody's file: it names files beside it and nothing else.
            return Array.TrueForAll(names, static name => name == Path.GetFileName(name) && name is not ("" or "." or ".."))
                ? [.. names.Select(name => Path.Combine(folder, name))]
                : throw Malformed(index);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(index, "Missing", $"The checkpoint '{index}' does not exist.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw Malformed(index);
        }
    }

    private static CheckpointException Malformed(string index) =>
        new(index, "Malformed", $"'{index}' is no index of shards: it has no weight_map that names files beside it.");
}
