using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Dialects;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Conversion;

/// <summary>What a converted file is made from and how. Its metadata keeps it under <see cref="MetadataKey"/>.</summary>
public sealed class ConversionMaking : OutputDescription
{
    /// <summary>The metadata key under which an output says how it was converted.</summary>
    public const string MetadataKey = Adapter.ConvertKey;

    private const string Extension = ".safetensors";
    private const string SourceKey = "source";
    private const string SourceContentKey = "source_content";
    private const string NamingKey = "naming";
    private const string KindKey = "kind";
    private const string TypeKey = "dtype";
    private const string LeftBehindKey = "left_behind";
    private const string LeftLayersKey = "left_behind_layers";

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Describes an output.</summary>
    /// <param name="adapter">The LoRA; it stays open while outputs are compared.</param>
    /// <param name="settings">What is changed.</param>
    /// <param name="checkpoints">Base models whose names say where underscored names have their dots.</param>
    public ConversionMaking(Adapter adapter, ConversionSettings settings, IReadOnlyList<Checkpoint>? checkpoints = null)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(settings);
        Adapter = adapter;
        Settings = settings;
        Checkpoints = checkpoints ?? [];
    }

    /// <summary>The LoRA.</summary>
    internal Adapter Adapter { get; }

    /// <summary>What is changed.</summary>
    internal ConversionSettings Settings { get; }

    /// <summary>The base models.</summary>
    internal IReadOnlyList<Checkpoint> Checkpoints { get; }

    /// <inheritdoc/>
    public override string SourcePath => Adapter.Path;

    /// <inheritdoc/>
    public override string SourceFolder => IsPeftSource ? Parent(Parent(SourcePath)) : Parent(SourcePath);

    /// <inheritdoc/>
    public override bool IsPeftFolder => Settings.Naming == LoraNaming.Peft || (Settings.Naming is null && IsPeftSource);

    private bool IsPeftSource => Adapter.SettingsText is not null;

    private string SourceName => IsPeftSource ? Path.GetFileName(Parent(SourcePath)) : Path.GetFileNameWithoutExtension(SourcePath);

    private string? TypeName => Settings.Type is { } type ? type.ToString() : null;

    // What is asked for, as it stands in names and in the metadata.
    private IEnumerable<(string Key, string? Value)> Way =>
        [(NamingKey, Settings.Naming?.ToString()), (KindKey, Settings.ToPairs ? nameof(AdapterKind.LoRA) : null), (TypeKey, TypeName)];

    /// <inheritdoc/>
    internal override IReadOnlyList<string> NamesFor(double? threshold) => [NameWith(string.Empty)];

    /// <inheritdoc/>
    internal override IEnumerable<string> CountedNamesFor(double? threshold)
    {
        for (int count = 2; ; count++)
        {
            yield return NameWith(string.Create(CultureInfo.InvariantCulture, $"_{count}"));
        }
    }

    /// <inheritdoc/>
    internal override (bool Source, bool Way) Compare(string path)
    {
        SafetensorsHeader header;
        try
        {
            using var file = SafetensorsFile.Open(path);
            header = file.Header;
        }
        catch (Exception exception)
            when (exception is SafetensorsException or NotLocalException or IOException or UnauthorizedAccessException)
        {
            return (true, true);
        }

        if (header.Metadata.GetValueOrDefault(MetadataKey) is not { } text || OutputMaking.Parse(text) is not { } parameters)
        {
            return (true, true);
        }

        bool way = Way.All(part => OutputMaking.Text(parameters, part.Key) == part.Value) && LeavesTheSame(parameters);
        bool source = OutputMaking.Text(parameters, SourceContentKey) is not { } content || content == Adapter.ContentKey;
        return (source, way);
    }

    /// <summary>The parameters for an output's metadata.</summary>
    /// <param name="leftBehind">The layers of the input that the output lacks.</param>
    internal string Parameters(IReadOnlyList<UnwrittenLayer> leftBehind)
    {
        var parameters = new JsonObject();
        foreach ((string key, string? value) in Way.Where(static part => part.Value is not null))
        {
            parameters[key] = value;
        }

        if (leftBehind.Count > 0)
        {
            parameters[LeftBehindKey] = leftBehind.Count;
            parameters[LeftLayersKey] = KeyOf(leftBehind);
        }

        if (Adapter.Architecture is { } architecture)
        {
            parameters[Adapter.ArchitectureKey] = architecture.Name;
        }

        parameters["tool"] = ResizeMetadata.Tool;
        parameters[SourceKey] = Path.GetFileName(SourcePath);
        parameters[SourceContentKey] = Adapter.ContentKey;
        return parameters.ToJsonString(Relaxed);
    }

    // An output that lacks nothing is the best there is; what one lacks that others would hold makes it another output.
    private bool LeavesTheSame(JsonObject parameters) =>
        !parameters.ContainsKey(LeftBehindKey)
        || (Settings.SkipsUnsupported && OutputMaking.Text(parameters, LeftLayersKey) == KeyOf(ConversionPlanner.Plan(this).LeftBehind));

    private static string KeyOf(IReadOnlyList<UnwrittenLayer> layers) => KeyOf(layers.Select(static layer => layer.Name));

    private static string Parent(string path) => Path.GetDirectoryName(path) ?? path;

    private string NameWith(string count)
    {
        string way = string.Join('_', Way.Select(static part => part.Value).OfType<string>()).ToLowerInvariant();
        string name = $"{SourceName}_{way}{count}";
        return IsPeftFolder ? Path.Combine(name, PeftSettings.AdapterFileName) : name + Extension;
    }
}
