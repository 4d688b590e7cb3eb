using ResizeLora.Files;

namespace ResizeLora.Tests;

/// <summary>Builds a LoRA file layer by layer; random factors are the same for the same seed.</summary>
internal sealed class SampleLora(int seed = 1)
{
    /// <summary>What stands behind a layer's name for its factor A.</summary>
    public const string DownSuffix = ".lora_down.weight";

    /// <summary>What stands behind a layer's name for its factor B.</summary>
    public const string UpSuffix = ".lora_up.weight";

    /// <summary>What stands behind a layer's name for its alpha.</summary>
    public const string AlphaSuffix = ".alpha";

    private readonly Gaussian gaussian = new(seed);
    private readonly List<SampleTensor> tensors = [];
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);

    /// <summary>Adds a layer whose spectrum falls by a quarter from one dimension to the next.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="outFeatures">n.</param>
    /// <param name="inFeatures">The input channels, without the kernel.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="alpha">alpha, or null for none.</param>
    /// <param name="type">The type of the factors.</param>
    /// <param name="kernel">The side of a convolution's kernel, or null for a matrix.</param>
    /// <param name="deviation">The size of the factors' numbers.</param>
    public SampleLora Layer(
        string name,
        int outFeatures,
        int inFeatures,
        int rank,
        double? alpha = null,
        TensorType type = TensorType.Float32,
        int? kernel = null,
        double deviation = 0.1
    )
    {
        double[] up = gaussian.Numbers(outFeatures * rank, deviation);
        for (int index = 0; index < up.Length; index++)
        {
            up[index] *= Math.Pow(0.75, index % rank);
        }

        double[] down = gaussian.Numbers(rank * inFeatures * (kernel ?? 1) * (kernel ?? 1), deviation);
        return kernel is { } side
            ? Layer(name, up, [outFeatures, rank, 1, 1], down, [rank, inFeatures, side, side], alpha, type)
            : Layer(name, up, [outFeatures, rank], down, [rank, inFeatures], alpha, type);
    }

    /// <summary>Adds a layer of given factors.</summary>
    public SampleLora Layer(
        string name,
        IEnumerable<double> up,
        long[] upShape,
        IEnumerable<double> down,
        long[] downShape,
        double? alpha = null,
        TensorType type = TensorType.Float32
    )
    {
        if (alpha is { } number)
        {
            Tensor(SampleTensor.Scalar(name + AlphaSuffix, number, type));
        }

        return Tensor(SampleTensor.Of(name + DownSuffix, type, downShape, down))
            .Tensor(SampleTensor.Of(name + UpSuffix, type, upShape, up));
    }

    public SampleLora Tensor(SampleTensor tensor)
    {
        tensors.Add(tensor);
        return this;
    }

    public SampleLora Metadata(string key, string value)
    {
        metadata[key] = value;
        return this;
    }

    public string Write(string path) => SampleFiles.Write(path, tensors, metadata);
}
