using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResizeLora.Adapters;
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

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Adapter adapter;
    private readonly ConversionSettings settings;

    /// <summary>Describes an output.</summary>
    /// <param name="adapter">The LoRA; it stays open while outputs are compared.</param>
    /// <param name="settings">What is changed.</param>
    public ConversionMaking(Adapter adapter, ConversionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(settings);
        this.adapter = adapter;
        this.settings = settings;
    }

    /// <inheritdoc/>
    public override string SourcePath => adapter.Path;

    /// <inheritdoc/>
    public override string SourceFolder => IsPeftSource ? Parent(Parent(SourcePath)) : Parent(SourcePath);

    /// <inheritdoc/>
    public override bool IsPeftFolder => settings.Naming == LoraNaming.Peft || (settings.Naming is null && IsPeftSource);

    private bool IsPeftSource => adapter.SettingsText is not null;

    private string SourceName => IsPeftSource ? Path.GetFileName(Parent(SourcePath)) : Path.GetFileNameWithoutExtension(SourcePath);

    private string? TypeName => settings.Type is { } type ? type.ToString() : null;

    // What is asked for, as it stands in names and in the metadata.
    private IEnumerable<(string Key, string? Value)> Way =>
        [(NamingKey, settings.Naming?.ToString()), (KindKey, settings.ToPairs ? nameof(AdapterKind.LoRA) : null), (TypeKey, TypeName)];

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
        catch (Exception exception) when (exception is SafetensorsException or IOException or UnauthorizedAccessException)
        {
            return (true, true);
        }

        if (header.Metadata.GetValueOrDefault(MetadataKey) is not { } text || OutputMaking.Parse(text) is not { } parameters)
        {
            return (true, true);
        }

        bool way = Way.All(part => OutputMaking.Text(parameters, part.Key) == part.Value);
        bool source = OutputMaking.Text(parameters, SourceContentKey) is not { } content || content == adapter.ContentKey;
        return (source, way);
    }

    /// <summary>The parameters for an output's metadata.</summary>
    /// <param name="leftBehind">How many layers of the input the output lacks.</param>
    internal string Parameters(int leftBehind)
    {
        var parameters = new JsonObject();
        foreach ((string key, string? value) in Way.Where(static part => part.Value is not null))
        {
            parameters[key] = value;
        }

        if (leftBehind > 0)
        {
            parameters["left_behind"] = leftBehind;
        }

        if (adapter.Architecture is { } architecture)
        {
            parameters[Adapter.ArchitectureKey] = architecture.Name;
        }

        parameters["tool"] = $"ResizeLora {typeof(ConversionMaking).Assembly.GetName().Version!.ToString(3)}";
        parameters[SourceKey] = Path.GetFileName(SourcePath);
        parameters[SourceContentKey] = adapter.ContentKey;
        return parameters.ToJsonString(Relaxed);
    }

    private static string Parent(string path) => Path.GetDirectoryName(path) ?? path;

    private string NameWith(string count)
    {
        string way = string.Join('_', Way.Select(static part => part.Value).OfType<string>()).ToLowerInvariant();
        string name = $"{SourceName}_{way}{count}";
        return IsPeftFolder ? Path.Combine(name, PeftSettings.AdapterFileName) : name + Extension;
    }
}
