using ResizeLora.Adapters;
using ResizeLora.Files;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests;

/// <summary>A layer as a file holds it, multiplied out in double precision.</summary>
internal static class WrittenLayer
{
    /// <summary>B, n × rank.</summary>
    public static Tensor Up(ITensorFile file, AdapterLayer layer) => Factor(file, layer.Up);

    /// <summary>A, rank × m.</summary>
    public static Tensor Down(ITensorFile file, AdapterLayer layer) => Factor(file, layer.Down);

    /// <summary>ΔW = alpha/rank · B·A.</summary>
    public static Tensor Delta(ITensorFile file, AdapterLayer layer) =>
        PlainKinds.Scaled(Up(file, layer).matmul(Down(file, layer)), layer.Scale);

    /// <summary>The sum of the chosen dimensions σᵢuᵢvᵢᵀ of a matrix.</summary>
    public static Tensor Truncate(Tensor delta, int[] kept)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor left, Tensor values, Tensor right) = linalg.svd(delta, fullMatrices: false);
        Tensor chosen = tensor(kept.Select(static dimension => (long)dimension).ToArray());
        return left.index_select(1, chosen)
            .mul(values.index_select(0, chosen))
            .matmul(right.index_select(0, chosen))
            .MoveToOuterDisposeScope();
    }

    public static double Norm(Tensor matrix) => linalg.norm(matrix).item<double>();

    private static Tensor Factor(ITensorFile file, TensorEntry entry) =>
        Dense.Matrix(ScalarFloat.DecodeAll(entry.Type, file.Read(entry)), entry.Shape[0], entry.ElementCount / entry.Shape[0]);
}
