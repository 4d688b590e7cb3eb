using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Tests;

/// <summary>Files of layers of one kind in random small shapes, and their parts read back.</summary>
internal static class KindFile
{
    /// <summary>What stands before a layer's number.</summary>
    public const string Layer = "lora_unet_layer_";

    // Matrices, and convolutions of one, two and three dimensions.
    private static readonly long[][] Kernels =
    [
        [],
        [3],
        [1, 1],
        [3, 3],
        [2, 1, 3],
        [],
        [1, 3],
    ];

    /// <summary>The layers of a kind, each with its weight's shape.</summary>
    /// <param name="kind">The kind, of <see cref="KindTensors"/>.</param>
    /// <param name="seed">What the numbers follow from.</param>
    /// <param name="count">How many layers.</param>
    /// <param name="alphaOf">The alpha of a layer by its number; none where it gives null.</param>
    public static (string Name, long[] Weight, SampleTensor[] Tensors)[] Layers(
        string kind,
        int seed,
        int count = 14,
        Func<int, double?>? alphaOf = null
    )
    {
        var gaussian = new Gaussian(seed);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(index =>
                {
                    long[] kernel = kind == KindTensors.GLoRAOld ? [] : Kernels[index % Kernels.Length];
                    int output = gaussian.Integer(1, 7) * gaussian.Integer(2, 6);
                    int input = gaussian.Integer(1, 5) * gaussian.Integer(2, 5);
                    long[] weight = [output, input, .. kernel];
                    int rank = gaussian.Integer(1, 6);
                    string name = FormattableString.Invariant($"{Layer}{index}");
                    IEnumerable<SampleTensor> factors = KindTensors
                        .Of(kind, weight, rank)
                        .Select(factor =>
                        {
                            double[] numbers = gaussian.Numbers(Count(factor.Shape), 0.5);
                            return SampleTensor.Of(name + factor.Ending, TensorType.Float32, factor.Shape, numbers);
                        });
                    double? alpha = alphaOf is null ? 0.5 + index : alphaOf(index);
                    SampleTensor[] scale = alpha is { } number ? [SampleTensor.Scalar($"{name}.alpha", number)] : [];
                    return (name, weight, (SampleTensor[])[.. factors, .. scale]);
                }),
        ];
    }

    /// <summary>Layers of a kind by the names of a U-Net, so that there can be a base model.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="seed">What the numbers follow from.</param>
    public static (string Name, long[] Weight, SampleTensor[] Tensors)[] OverBase(string kind, int seed) =>
        [
            .. Layers(kind, seed)
                .Where(static layer => layer.Weight.Length is 2 or 4)
                .Select(
                    static (layer, index) =>
                    {
                        string name = FormattableString.Invariant($"lora_unet_input_blocks_{index}_1_proj_in");
                        SampleTensor[] tensors =
                        [
                            .. layer.Tensors.Select(tensor => tensor with { Name = name + tensor.Name[layer.Name.Length..] }),
                        ];
                        return (name, layer.Weight, tensors);
                    }
                ),
        ];

    /// <summary>The base weights of such layers.</summary>
    public static SampleTensor[] BaseOf((string Name, long[] Weight, SampleTensor[] Tensors)[] layers) =>
        [
            .. layers.Select(
                static (layer, index) =>
                {
                    string name = FormattableString.Invariant($"model.diffusion_model.input_blocks.{index}.1.proj_in.weight");
                    double[] numbers = new Gaussian(index).Numbers(Count(layer.Weight), 0.3);
                    return SampleTensor.Of(name, TensorType.Float32, layer.Weight, numbers);
                }
            ),
        ];

    /// <summary>The same in double precision by the layers' names.</summary>
    public static Dictionary<string, Tensor> DoublesOf((string Name, long[] Weight, SampleTensor[] Tensors)[] layers) =>
        layers
            .Zip(BaseOf(layers))
            .ToDictionary(
                static pair => pair.First.Name,
                static pair =>
                    tensor(ScalarFloat.DecodeAll(TensorType.Float32, pair.Second.Bytes), ScalarType.Float64).reshape(pair.Second.Shape),
                StringComparer.Ordinal
            );

    /// <summary>A layer's parts as a file holds them, in double precision.</summary>
    /// <param name="file">The file.</param>
    /// <param name="layer">The layer's name.</param>
    public static Dictionary<string, Tensor> PartsOf(ITensorFile file, string layer) =>
        file
            .Header.Tensors.Where(entry => PlainNames.Read(entry.Name)?.Layer == layer)
            .ToDictionary(
                static entry => PlainNames.Read(entry.Name)!.Value.Part,
                entry => tensor(ScalarFloat.DecodeAll(entry.Type, file.Read(entry)), ScalarType.Float64).reshape([.. entry.Shape]),
                StringComparer.Ordinal
            );

    private static int Count(long[] shape) => (int)shape.Aggregate(1L, static (product, side) => product * side);
}
