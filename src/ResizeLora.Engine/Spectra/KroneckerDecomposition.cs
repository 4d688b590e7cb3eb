using ResizeLora.Adapters;
using ResizeLora.Compute;
using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>
/// The singular values of w1⊗w2 are the products of those of its halves, and its vectors the Kronecker products of theirs: neither the
/// product nor factors of its rank are ever formed.
/// </summary>
internal sealed record KroneckerDecomposition : LayerDecomposition
{
    private readonly PairDecomposition first;
    private readonly PairDecomposition second;

    private KroneckerDecomposition(PairDecomposition first, PairDecomposition second, KroneckerOrder order, double[] scored)
        : base(scored)
    {
        WrittenSingularValues = Array.ConvertAll(
            order.Pairs,
            pair => first.ProductSingularValues[pair.First] * second.ProductSingularValues[pair.Second]
        );
        this.first = first;
        this.second = second;
        Order = order;
    }

    /// <summary>Which singular values of the halves make which of the product.</summary>
    public KroneckerOrder Order { get; }

    /// <inheritdoc/>
    public override long ByteLength => first.ByteLength + second.ByteLength;

    /// <inheritdoc/>
    public override double[] WrittenSingularValues { get; }

    /// <summary>The singular values of w2.</summary>
    public IReadOnlyList<double> SecondSingularValues => second.ProductSingularValues;

    /// <summary>Puts the halves together.</summary>
    /// <param name="first">w1.</param>
    /// <param name="second">w2.</param>
    /// <param name="weights">
    /// By what magnitudes weigh the products, or null. The weighted product has no Kronecker factors: each dimension counts by its length
    /// under the weights.
    /// </param>
    public static KroneckerDecomposition Of(PairDecomposition first, PairDecomposition second, KroneckerWeights? weights)
    {
        int columns = second.ProductSingularValues.Length;
        double[,]? lengths = weights?.LengthsOf(first, second);
        (double Value, int Index)[] products = new (double, int)[first.ProductSingularValues.Length * columns];
        for (int index = 0; index < products.Length; index++)
        {
            double length = lengths?[index / columns, index % columns] ?? 1;
            products[index] = (
                first.ProductSingularValues[index / columns] * second.ProductSingularValues[index % columns] * length,
                index
            );
        }

        // Of equal products the one of the earlier values comes first, on every machine.
        Array.Sort(
            products,
            static (left, right) => right.Value.CompareTo(left.Value) is int order and not 0 ? order : left.Index.CompareTo(right.Index)
        );
        return new KroneckerDecomposition(
            first,
            second,
            new KroneckerOrder(Array.ConvertAll(products, product => (product.Index / columns, product.Index % columns)), columns),
            Array.ConvertAll(products, static product => product.Value)
        );
    }

    /// <summary>w2 cut to a rank, as two factors with the same share of each singular value.</summary>
    /// <param name="file">The adapter file.</param>
    /// <param name="halves">The layer's halves.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="gain">What the product is multiplied with.</param>
    /// <param name="device">Where the products are made.</param>
    public (Tensor Up, Tensor Down) CutSecond(ITensorFile file, KroneckerHalves halves, int rank, double gain, ComputeDevice device)
    {
        int[] kept = [.. Enumerable.Range(0, rank)];
        double[] roots = Array.ConvertAll(kept, dimension => Math.Sqrt(second.ProductSingularValues[dimension] * Math.Abs(gain)));
        double[] left = gain < 0 ? Array.ConvertAll(roots, static root => -root) : roots;
        return second.Combine(halves.Second.In(file), kept, left, roots, CombinationAccuracy.Written, device);
    }

    /// <inheritdoc/>
    public override (Tensor Up, Tensor Down) Combine(
        ITensorFile file,
        AdapterLayer layer,
        int[] kept,
        double[] left,
        double[] right,
        CombinationAccuracy accuracy,
        ComputeDevice device
    )
    {
        (int First, int Second)[] chosen = Array.ConvertAll(kept, dimension => Order.Pairs[dimension]);
        int[] firsts = [.. chosen.Select(static pair => pair.First).Distinct().Order()];
        int[] seconds = [.. chosen.Select(static pair => pair.Second).Distinct().Order()];
        (Tensor firstUp, Tensor firstDown) = VectorsOf(first, layer.Kronecker!.First.In(file), firsts, accuracy, device);
        (Tensor secondUp, Tensor secondDown) = VectorsOf(second, layer.Kronecker.Second.In(file), seconds, accuracy, device);

        // One half may need double precision; the product then has it.
        ScalarType precision =
            firstUp.dtype == ScalarType.Float64 || secondUp.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        Tensor firstPlaces = PlacesOf(chosen, static pair => pair.First, firsts, device);
        Tensor secondPlaces = PlacesOf(chosen, static pair => pair.Second, seconds, device);
        Tensor Product(Tensor outer, Tensor inner, double[] weights)
        {
            Tensor vectors =
                outer.to(precision).index_select(0, firstPlaces).unsqueeze(2)
                * inner.to(precision).index_select(0, secondPlaces).unsqueeze(1);
            return vectors.reshape(chosen.Length, -1) * TensorReader.FromArray(weights, chosen.Length, 1, precision, device);
        }

        return (Product(firstUp.t(), secondUp.t(), left).t().contiguous(), Product(firstDown, secondDown, right));
    }

    internal static (Tensor Up, Tensor Down) VectorsOf(
        PairDecomposition half,
        FactorPair pair,
        int[] kept,
        CombinationAccuracy accuracy,
        ComputeDevice device
    )
    {
        double[] ones = Array.ConvertAll(kept, static _ => 1.0);
        return half.Combine(pair, kept, ones, ones, accuracy, device);
    }

    private static Tensor PlacesOf(
        (int First, int Second)[] chosen,
        Func<(int First, int Second), int> half,
        int[] kept,
        ComputeDevice device
    ) => tensor(Array.ConvertAll(chosen, pair => (long)Array.BinarySearch(kept, half(pair)))).to(device.Torch);
}

/// <summary>The lengths of Kronecker products of singular vectors under the weights of magnitudes.</summary>
/// <param name="file">The adapter file.</param>
/// <param name="halves">The layer's halves.</param>
/// <param name="effect">The magnitudes.</param>
/// <param name="device">Where the products are made.</param>
internal sealed class KroneckerWeights(ITensorFile file, KroneckerHalves halves, MagnitudeEffect effect, LayerDevice device)
{
    /// <summary>‖d∘(uᵢ⊗uⱼ)‖ for all singular vectors of both halves; of the right ones where the weights are of columns.</summary>
    /// <param name="first">w1.</param>
    /// <param name="second">w2.</param>
    public double[,] LengthsOf(PairDecomposition first, PairDecomposition second)
    {
        Tensor outer = Squares(first, halves.First);
        Tensor inner = Squares(second, halves.Second);
        double[] squares = Array.ConvertAll(effect.Weights, static weight => weight * weight);
        int rows = squares.Length / (int)inner.shape[1];
        Tensor weights = TensorReader.FromArray(squares, rows, squares.Length / rows, ScalarType.Float64, ComputeDevice.Processor);
        double[] found = TensorReader.ToArray(outer.matmul(weights).matmul(inner.t()).sqrt());
        double[,] lengths = new double[outer.shape[0], inner.shape[0]];
        Buffer.BlockCopy(found, 0, lengths, 0, found.Length * sizeof(double));
        return lengths;
    }

    // The squares of the vectors' elements, a vector a row.
    private Tensor Squares(PairDecomposition half, FactorEntries pair)
    {
        int[] all = [.. Enumerable.Range(0, half.ProductSingularValues.Length)];
        return device.Compute(onto =>
        {
            (Tensor up, Tensor down) = KroneckerDecomposition.VectorsOf(half, pair.In(file), all, CombinationAccuracy.Compared, onto);
            return TensorReader.TakeBack((effect.IsPerInput ? down : up.t()).to(ScalarType.Float64).square());
        });
    }
}

/// <summary>Which singular values of two halves make which of their Kronecker product.</summary>
/// <param name="Pairs">For each dimension of the product those of the halves.</param>
/// <param name="SecondCount">How many the second half has.</param>
internal sealed record KroneckerOrder((int First, int Second)[] Pairs, int SecondCount)
{
    /// <summary>How many singular values of the second half chosen dimensions need.</summary>
    /// <param name="kept">The dimensions.</param>
    public int RankOfSecond(IEnumerable<int> kept) => kept.Select(dimension => Pairs[dimension].Second + 1).DefaultIfEmpty(0).Max();

    /// <summary>The dimensions that stay where the second half is cut to a rank.</summary>
    /// <param name="rank">The rank.</param>
    public int[] DimensionsWithin(int rank) => [.. Enumerable.Range(0, Pairs.Length).Where(dimension => Pairs[dimension].Second < rank)];
}
