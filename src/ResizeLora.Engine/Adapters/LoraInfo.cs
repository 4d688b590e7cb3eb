using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// What a file says of itself: everything but the alphas is read from the header. Metadata is strangers' text; it is shown
/// cleaned of control characters and never at length.
/// </summary>
public sealed class LoraInfo
{
    internal LoraInfo(SafetensorsFile file, LayerInventory inventory, IReadOnlyList<double> alphas, AdapterDialect dialect)
    {
        IReadOnlyDictionary<string, string> metadata = file.Header.Metadata;
        Path = file.Path;
        Length = file.Length;
        LastWriteTime = file.LastWriteTime.ToLocalTime();
        Kind = inventory.Kind();
        KindCounts = inventory
            .Layers.GroupBy(static layer => layer.Kind)
            .OrderBy(static group => group.Key)
            .ToDictionary(static group => group.Key.ToString(), static group => group.Count());
        Dialect = dialect;
        BaseModel = BaseModelFamily.Of(metadata, inventory.Layers, inventory.Architecture);
        TrainedOn = TrainerText.Clean(metadata.GetValueOrDefault("ss_sd_model_name"));
        Title = TrainerText.Clean(metadata.GetValueOrDefault("modelspec.title") ?? metadata.GetValueOrDefault("ss_output_name"));
        LayerCount = inventory.Layers.Count;
        ComponentCounts = inventory
            .Layers.GroupBy(static layer => layer.Component)
            .OrderBy(static group => group.Key)
            .ToDictionary(static group => group.Key.ToString(), static group => group.Count());
        UNetLayerCount = inventory.Layers.Count(static layer => layer.Component == Component.UNet);
        TransformerLayerCount = inventory.Layers.Count(static layer => layer.Component == Component.Transformer);
        TextEncoder1LayerCount = inventory.Layers.Count(static layer => layer.Component == Component.TextEncoder1);
        TextEncoder2LayerCount = inventory.Layers.Count(static layer => layer.Component == Component.TextEncoder2);
        OtherLayerCount = inventory.Layers.Count(static layer => layer.Component == Component.Other);
        int[] ranks = inventory.Layers.Select(static layer => layer.Rank).OfType<int>().Order().ToArray();
        LowestRank = ranks.Length > 0 ? ranks[0] : null;
        MedianRank = ranks.Length > 0 ? ranks[(ranks.Length - 1) / 2] : null;
        HighestRank = ranks.Length > 0 ? ranks[^1] : null;
        Alphas = alphas.ToArray();
        Types = file
            .Header.Tensors.GroupBy(static tensor => tensor.Type)
            .OrderByDescending(static group => group.Sum(static tensor => tensor.ByteLength))
            .Select(static group => TensorTypes.NameOf(group.Key))
            .ToArray();
        TrainedWords = TrainingNotes.WordsOf(metadata);
        Resolution = TrainingNotes.ResolutionOf(metadata);
        Buckets = TrainingNotes.BucketsOf(metadata);
        ResizedWith = Adapter.ResizedWith(metadata);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The family of the adapter.</summary>
    public AdapterKind Kind { get; }

    /// <summary>How many layers of each family there are.</summary>
    public IReadOnlyDictionary<string, int> KindCounts { get; }

    /// <summary>Whose names the tensors bear.</summary>
    public AdapterDialect Dialect { get; }

    /// <summary>
    /// The base model that it was trained for, such as <c>SDXL</c>, from the metadata or the widths of the layers; null when neither
    /// tells.
    /// </summary>
    public string? BaseModel { get; }

    /// <summary>The checkpoint's name that the trainer noted, or null.</summary>
    public string? TrainedOn { get; }

    /// <summary>The name that its maker noted, or null.</summary>
    public string? Title { get; }

    /// <summary>The number of layers.</summary>
    public int LayerCount { get; }

    /// <summary>How many layers of each component there are.</summary>
    public IReadOnlyDictionary<string, int> ComponentCounts { get; }

    /// <summary>The layers of the denoising network, where it is a transformer.</summary>
    public int TransformerLayerCount { get; }

    /// <summary>The layers of the denoising network, where it is a U-Net.</summary>
    public int UNetLayerCount { get; }

    /// <summary>The layers of the first text encoder.</summary>
    public int TextEncoder1LayerCount { get; }

    /// <summary>The layers of the second text encoder.</summary>
    public int TextEncoder2LayerCount { get; }

    /// <summary>Layers whose names tell no component.</summary>
    public int OtherLayerCount { get; }

    /// <summary>The lowest rank of a layer; null for families without ranks.</summary>
    public int? LowestRank { get; }

    /// <summary>The rank in the middle, the lower of two; null likewise.</summary>
    public int? MedianRank { get; }

    /// <summary>The highest rank of a layer; null likewise.</summary>
    public int? HighestRank { get; }

    /// <summary>
    /// The different alphas, ascending, the rank standing for a layer that has none. Alpha lies in the data, a few bytes a
    /// layer: it is read for all of 64 layers, and in larger files for one of each component, family, rank and width, 64 at most.
    /// </summary>
    public double[] Alphas { get; }

    /// <summary>The element types, the one with most bytes first.</summary>
    public string[] Types { get; }

    /// <summary>The trigger words that are noted, then the most frequent tags of the training pictures; at most 20.</summary>
    public string[] TrainedWords { get; }

    /// <summary>The size of the training pictures, such as <c>1024x1024</c>; null when it is not noted.</summary>
    public string? Resolution { get; }

    /// <summary>The sizes into which the trainer sorted the pictures, the most used first; at most 50.</summary>
    public string[] Buckets { get; }

    /// <summary>Whether it was resized before, by this tool, the reference program or kohya's script.</summary>
    public bool Resized => ResizedWith is not null;

    /// <summary>The recipe or method by which it was resized, or null.</summary>
    public string? ResizedWith { get; }

    /// <summary>The size in bytes.</summary>
    public long Length { get; }

    /// <summary>The time of the last change, local.</summary>
    public DateTime LastWriteTime { get; }

    /// <summary>The path and what one wants to know first.</summary>
    public override string ToString() =>
        FormattableString.Invariant(
            $"{Path}: {Kind}, {BaseModel ?? "unknown base"}, {LayerCount} layers, rank {LowestRank} to {HighestRank}"
        );
}
