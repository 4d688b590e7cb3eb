using System.Text.Json;
using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Kinds;

/// <summary>A small adapter with the change that it means, worked out by its definition outside the project.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Tensors">Its tensors, for the layer <see cref="Layer"/>.</param>
/// <param name="Base">The base weight, or null.</param>
/// <param name="Expected">ΔW row by row.</param>
/// <param name="ExpectedByComfyUI">What ComfyUI makes of it where that differs, or null.</param>
internal sealed record Microfixture(
    string Name,
    IReadOnlyList<SampleTensor> Tensors,
    SampleTensor? Base,
    double[] Expected,
    double[]? ExpectedByComfyUI
)
{
    /// <summary>The layer's name.</summary>
    public const string Layer = "x";

    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Microfixture> All { get; } = Read();

    /// <summary>Finds one.</summary>
    public static Microfixture Get(string name) => All.Single(fixture => fixture.Name == name);

    /// <summary>The layer's parts in double precision.</summary>
    public Dictionary<string, Tensor> Parts() =>
        Tensors.ToDictionary(static entry => PlainNames.Read(entry.Name)?.Part ?? entry.Name, ToDoubles, StringComparer.Ordinal);

    /// <summary>A tensor in double precision.</summary>
    public static Tensor ToDoubles(SampleTensor entry) =>
        tensor(ScalarFloat.DecodeAll(TensorType.Float64, entry.Bytes), ScalarType.Float64).reshape(entry.Shape);

    private static Microfixture[] Read()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Golden", "microfixtures.json");
        StoredFixture[] stored = JsonSerializer.Deserialize<StoredFixture[]>(File.ReadAllBytes(path), Options)!;
        return [.. stored.Select(static fixture => fixture.ToFixture())];
    }

    private sealed record StoredTensor(long[] Shape, double[] Data);

    private sealed record StoredFixture(
        string Name,
        Dictionary<string, StoredTensor> Tensors,
        StoredTensor? Base,
        double[] Expected,
        double[]? ExpectedByComfyUI
    )
    {
        public Microfixture ToFixture() =>
            new(
                Name,
                [
                    .. Tensors.Select(static pair =>
                        SampleTensor.Of($"{Layer}.{pair.Key}", TensorType.Float64, pair.Value.Shape, pair.Value.Data)
                    ),
                ],
                Base is null ? null : SampleTensor.Of($"{Layer}.weight", TensorType.Float64, Base.Shape, Base.Data),
                Expected,
                ExpectedByComfyUI
            );
    }
}
