using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>
/// What the magnitudes of DoRA make of a layer over its base weight W. The trainers' forward pass uses W' = m∘V/‖V‖ with V = W + ΔW, the
/// norms over rows (per output) or over the columns of an input. So a small change δ of ΔW changes W' by about m/‖V‖∘δ: by these weights
/// the layer's singular values are compared with others.
/// </summary>
internal sealed class MagnitudeEffect
{
    private const int PieceElements = 1 << 22;

    private readonly double[] magnitudes;

    private MagnitudeEffect(AdapterLayer layer, double[] magnitudes, RowSums sums)
    {
        this.magnitudes = magnitudes;
        IsPerInput = layer.IsMagnitudePerInput;
        double[] ratios = new double[magnitudes.Length];
        double square = 0;
        for (int index = 0; index < ratios.Length; index++)
        {
            // W' − W = (m/‖V‖ − 1)·V + ΔW: so nothing cancels.
            double norm = Math.Sqrt(sums.Whole[index]);
            ratios[index] = norm > 0 ? magnitudes[index] / norm : 0;
            double apart = ratios[index] - 1;
            square += (apart * apart * sums.Whole[index]) + (2 * apart * sums.Inner[index]) + sums.Part[index];
        }

        ChangeNorm = Math.Sqrt(Math.Max(square, 0));
        int repeat = IsPerInput ? layer.InFeatures / ratios.Length : 1;
        Weights = [.. ratios.SelectMany(ratio => Enumerable.Repeat(Math.Abs(ratio), repeat))];
    }

    /// <summary>|m|/‖V‖ for each row of ΔW, or each column.</summary>
    public double[] Weights { get; }

    /// <summary>Whether they are of the columns.</summary>
    public bool IsPerInput { get; }

    /// <summary>‖W' − W‖F: the change of the weight that the trainers' forward pass uses.</summary>
    public double ChangeNorm { get; }

    /// <summary>Whether magnitudes are numbers; as with NaN in a factor, the training has failed where they are not.</summary>
    /// <param name="file">The adapter file.</param>
    /// <param name="magnitude">The magnitudes.</param>
    public static bool IsFinite(ITensorFile file, TensorEntry magnitude) =>
        Array.TrueForAll(WeightNumbers.ToDoubles(magnitude.Type, file.Read(magnitude)), double.IsFinite);

    /// <summary>Looks at a layer over its base weight; called on any thread.</summary>
    /// <param name="file">The adapter file.</param>
    /// <param name="layer">The layer, with magnitudes.</param>
    /// <param name="weight">Its base weight.</param>
    /// <param name="device">Where the products are made.</param>
    /// <returns>The effect, or null where the numbers are not finite.</returns>
    public static MagnitudeEffect? Of(ITensorFile file, AdapterLayer layer, BaseWeight weight, ComputeDevice device)
    {
        TensorEntry stored = layer.Magnitude!;
        double[] magnitudes = WeightNumbers.ToDoubles(stored.Type, file.Read(stored));
        using DisposeScope scope = NewDisposeScope();
        Tensor up = TensorReader.ReadMatrix(file, layer.Up, ScalarType.Float32, device);
        Tensor down = TensorReader.ReadMatrix(file, layer.Down, ScalarType.Float32, device);
        RowSums sums = Sum(file, layer, weight, up, down, magnitudes.Length, device);
        var effect = new MagnitudeEffect(layer, magnitudes, sums);
        return double.IsFinite(effect.ChangeNorm) && effect.Weights.All(double.IsFinite) ? effect : null;
    }

    /// <summary>‖W' − W'_K‖F: how far the forward pass's weight moves when a part of ΔW is dropped.</summary>
    /// <param name="dropped">The dimensions of the part.</param>
    /// <param name="spectrum">The layer.</param>
    /// <param name="adapter">Its LoRA file.</param>
    /// <param name="weight">Its base weight.</param>
    /// <param name="device">Where the products are made.</param>
    public double DistanceWithout(int[] dropped, LayerSpectrum spectrum, Adapter adapter, BaseWeight weight, LayerDevice device) =>
        LayerThreads.Run(() =>
        {
            LayerDecomposition decomposition = spectrum.DecompositionFrom(adapter, dropped[^1] + 1, device);
            using WorkingMemory.Lease memory = WorkingMemory.Shared.Take(LayerBytes.Vectors(spectrum.Source, dropped.Length));
            double[] values = Array.ConvertAll(dropped, dimension => decomposition.WrittenSingularValues[dimension]);
            double[] ones = Array.ConvertAll(dropped, static _ => 1.0);
            return device.Compute(onto =>
            {
                (Tensor up, Tensor down) = decomposition.Combine(
                    adapter.File,
                    spectrum.Source,
                    dropped,
                    values,
                    ones,
                    CombinationAccuracy.Compared,
                    onto
                );
                return DistanceWithout(adapter.File, spectrum.Source, weight, up, down, onto);
            });
        });

    // Of a part up · down, without the layer's scale.
    private double DistanceWithout(ITensorFile file, AdapterLayer layer, BaseWeight weight, Tensor up, Tensor down, ComputeDevice device)
    {
        Tensor singleUp = up.to(ScalarType.Float32, device.Torch);
        Tensor singleDown = down.to(ScalarType.Float32, device.Torch);
        RowSums sums = Sum(file, layer, weight, singleUp, singleDown, magnitudes.Length, device);
        double square = 0;
        for (int index = 0; index < magnitudes.Length; index++)
        {
            // With V' = V − δ: ‖V/‖V‖ − V'/‖V'‖‖² = (‖δ‖² − (‖V‖ − ‖V'‖)²)/(‖V‖·‖V'‖), where nothing large is subtracted.
            double norm = Math.Sqrt(sums.Whole[index]);
            double rest = Math.Sqrt(Math.Max(sums.Whole[index] - (2 * sums.Inner[index]) + sums.Part[index], 0));
            if (norm > 0 && rest > 0)
            {
                double apart = ((2 * sums.Inner[index]) - sums.Part[index]) / (norm + rest);
                double angle = Math.Max(sums.Part[index] - (apart * apart), 0) / (norm * rest);
                square += magnitudes[index] * magnitudes[index] * angle;
            }
        }

        return Math.Sqrt(square);
    }

    // ‖V‖², ⟨V, δ⟩ and ‖δ‖² of each row or input, with V = W + ΔW and δ = scale · up · down, a few rows at a time.
    private static RowSums Sum(
        ITensorFile file,
        AdapterLayer layer,
        BaseWeight weight,
        Tensor up,
        Tensor down,
        int count,
        ComputeDevice device
    )
    {
        using DisposeScope scope = NewDisposeScope();
        using Scalar scale = layer.Scale.ToScalar();
        Tensor layerUp = TensorReader.ReadMatrix(file, layer.Up, ScalarType.Float32, device).mul(scale);
        Tensor layerDown = TensorReader.ReadMatrix(file, layer.Down, ScalarType.Float32, device);
        Tensor partUp = up.mul(scale);
        int rows = layer.OutFeatures;
        int columns = layer.InFeatures;
        int piece = Math.Clamp(PieceElements / columns, 1, rows);
        var sums = new RowSums(new double[count], new double[count], new double[count]);
        for (int first = 0; first < rows; first += piece)
        {
            using DisposeScope pieceScope = NewDisposeScope();
            int height = Math.Min(piece, rows - first);
            int start = first;
            void Read(Span<byte> destination) => weight.Read(start, destination);
            Tensor stored = TensorReader.Upload([height, columns], weight.Type, Read, ScalarType.Float32, device);
            Tensor whole = stored + layerUp.narrow(0, first, height).matmul(layerDown);
            Tensor part = partUp.narrow(0, first, height).matmul(down);
            Add(sums.Whole, whole * whole, layer, first);
            Add(sums.Inner, whole * part, layer, first);
            Add(sums.Part, part * part, layer, first);
        }

        return sums;
    }

    private static void Add(double[] sums, Tensor products, AdapterLayer layer, int firstRow)
    {
        double[] found = TensorReader.ToArray(products.sum(layer.IsMagnitudePerInput ? 0 : 1, keepdim: true, type: ScalarType.Float64));
        int places = layer.IsMagnitudePerInput ? found.Length / sums.Length : 1;
        int start = layer.IsMagnitudePerInput ? 0 : firstRow;
        for (int index = 0; index < found.Length; index++)
        {
            sums[start + (index / places)] += found[index];
        }
    }

    private sealed record RowSums(double[] Whole, double[] Inner, double[] Part);
}
