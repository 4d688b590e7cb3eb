using ResizeLora.Checkpoints;
using ResizeLora.Resizing;
using TorchSharp;

namespace ResizeLora.KeyLists;

/// <summary>A base model of one or several files in a folder of its own, with what must be measured of it.</summary>
internal sealed class BaseModel
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, List<BasePiece>>> indexes = new(StringComparer.Ordinal);
    private readonly Mapping denoiser;
    private readonly string cache;

    /// <summary>Writes the files.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="family">The family.</param>
    /// <param name="files">Each file's list, role, and path in the folder.</param>
    /// <param name="origins">What is opened, in the folder.</param>
    public BaseModel(string folder, Family family, IEnumerable<(KeyList List, string Role, string Path)> files, params string[] origins)
    {
        denoiser = family.Mapping;
        Encoders = family.Encoders;
        cache = Path.Combine(folder, "cache");
        foreach ((KeyList list, string role, string path) in files)
        {
            list.Write(Path.Combine(folder, path));
            Plain.Add(list, role);
        }

        foreach (string role in (string[])[BaseRoles.Denoiser, BaseRoles.ClipL, BaseRoles.ClipG, BaseRoles.T5])
        {
            indexes.Add(role, MappingOf(role).Index(Plain.ModulesOf(role)));
        }

        Origins = [.. origins.Select(origin => Path.GetFullPath(Path.Combine(folder, origin)))];
    }

    /// <summary>What is opened.</summary>
    public IReadOnlyList<string> Origins { get; }

    /// <summary>The roles of the family's text encoders.</summary>
    public string[] Encoders { get; }

    /// <summary>The weights in double precision.</summary>
    public PlainBase Plain { get; } = new();

    /// <summary>Opens it.</summary>
    public ResizeSession Open() => new("cpu", Origins, new NormCache(cache));

    /// <summary>The weight that a layer changes, by the written mapping.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <returns>Its shape, and how to measure it; null where the base model has none.</returns>
    public (string Shape, Func<(double Spectral, double Frobenius)> Norms)? WeightOf(string layer)
    {
        (string role, string module) = AdapterRoles.Of(layer, Encoders);
        bool isTransposed = Mapping.IsTransposed(role, "text_projection") && module.EndsWith("text_projection", StringComparison.Ordinal);
        return MappingOf(role).Find(module, indexes[role]) is { } pieces
            ? (Plain.ShapeOf(role, pieces, isTransposed), () => Plain.NormsOf(role, pieces))
            : null;
    }

    /// <summary>The weight itself, out × in·kernel, in double precision.</summary>
    /// <param name="layer">The layer's name.</param>
    public torch.Tensor? MatrixOf(string layer)
    {
        (string role, string module) = AdapterRoles.Of(layer, Encoders);
        return MappingOf(role).Find(module, indexes[role]) is { } pieces ? Plain.MatrixOf(role, pieces) : null;
    }

    private Mapping MappingOf(string role) => role == BaseRoles.Denoiser ? denoiser : Mappings.TextEncoder;
}
