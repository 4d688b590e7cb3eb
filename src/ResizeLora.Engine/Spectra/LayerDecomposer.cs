using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using static TorchSharp.torch;

namespace ResizeLora.Spectra;

/// <summary>Turns layers of a LoRA file into spectra.</summary>
internal static class LayerDecomposer
{
    /// <summary>Decomposes one layer; called on any thread.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="layer">One of its layers.</param>
    /// <param name="baseLayer">The base weight under it, where known.</param>
    /// <param name="device">Where the large products are made.</param>
    /// <param name="keeping">What the result keeps of what it takes to write it; the rest is found again from the file.</param>
    /// <param name="cancellationToken">Ends the work between its steps.</param>
    /// <exception cref="AdapterException">The layer holds NaN or infinity, or its singular values could not be found.</exception>
    /// <exception cref="DeviceException">The device's memory does not suffice.</exception>
    public static LayerSpectrum Decompose(
        Adapter adapter,
        AdapterLayer layer,
        LayerBase baseLayer,
        LayerDevice device,
        DecompositionKeeping? keeping = null,
        CancellationToken cancellationToken = default
    )
    {
        keeping ??= DecompositionKeeping.All;
        LayerSpectrum Describe(double[] singularValues, MagnitudeEffect? effect, KroneckerOrder? kronecker = null) =>
            new(OriginOf(adapter), layer, effect, baseLayer.Norms, baseLayer.CheckpointPath, singularValues, kronecker);
        LayerSpectrum? spectrum = LayerThreads.Run(() =>
        {
            MagnitudeEffect? effect = null;
            if (layer.Magnitude is { } magnitude && !MagnitudeEffect.IsFinite(adapter.File, magnitude))
            {
                return null;
            }

            if (layer.Magnitude is not null && baseLayer.Weight is { } weight)
            {
                effect = device.Compute(onto => MagnitudeEffect.Of(adapter.File, layer, weight, onto));
                if (effect is null)
                {
                    return null;
                }
            }

            // What can be written of a layer is known from its singular values, before anything is kept of it.
            var wanted = new WantedColumns(values => keeping.CountOf?.Invoke(Describe(values, effect)) ?? keeping.Share);
            if (Decompose(adapter, layer, effect, device, wanted, cancellationToken) is not { } found)
            {
                return null;
            }

            LayerSpectrum described = Describe(found.ProductSingularValues, effect, (found as KroneckerDecomposition)?.Order);
            described.Keep(found, keeping.Store);
            return described;
        });
        return spectrum is not null && double.IsFinite(spectrum.FrobeniusNorm) ? spectrum : throw FactorRange.Explain(adapter.File, layer);
    }

    /// <summary>Decomposes a layer that was decomposed before.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="effect">What its magnitudes do, or null.</param>
    /// <param name="count">How many dimensions are needed, the first ones.</param>
    /// <param name="device">Where the large products are made.</param>
    /// <exception cref="AdapterException">The file holds something else now.</exception>
    public static LayerDecomposition DecomposeAgain(
        Adapter adapter,
        AdapterLayer layer,
        MagnitudeEffect? effect,
        int count,
        LayerDevice device
    ) =>
        LayerThreads.Run(() => Decompose(adapter, layer, effect, device, WantedColumns.First(count), CancellationToken.None))
        ?? throw FactorRange.Explain(adapter.File, layer);

    private static LayerOrigin OriginOf(Adapter adapter) =>
        new(adapter.Path, adapter.File.LastWriteTime, adapter.Merge, adapter.Layers.Count, adapter.Verified.Hashes);

    private static LayerDecomposition? Decompose(
        Adapter adapter,
        AdapterLayer layer,
        MagnitudeEffect? effect,
        LayerDevice device,
        WantedColumns wanted,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (
                layer.Hadamard is { } products
                && DecomposeProducts(adapter, layer, products, effect, device, wanted, cancellationToken) is { } found
            )
            {
                return found;
            }

            if (layer.Kronecker is not { } halves)
            {
                return Decompose(layer.Factors.In(adapter.File), effect, device, wanted, cancellationToken);
            }

            return
                Decompose(halves.First.In(adapter.File), null, device, default, cancellationToken) is { } first
                && Decompose(halves.Second.In(adapter.File), null, device, default, cancellationToken) is { } second
                ? KroneckerDecomposition.Of(
                    first,
                    second,
                    effect is null ? null : new KroneckerWeights(adapter.File, halves, effect, device)
                )
                : null;
        }
        catch (ExternalException exception) when (TorchFailure.IsNotConverged(exception))
        {
            throw new AdapterException(
                adapter.Path,
                layer.Name,
                "NotDecomposed",
                "its singular values could not be found, though its numbers are finite: the iteration gave up."
            );
        }
    }

    // Null where the factors themselves have to be decomposed.
    private static HadamardDecomposition? DecomposeProducts(
        Adapter adapter,
        AdapterLayer layer,
        HadamardHalves products,
        MagnitudeEffect? effect,
        LayerDevice device,
        WantedColumns wanted,
        CancellationToken cancellationToken
    )
    {
        FactorPair firstPair = products.First.In(adapter.File);
        FactorPair secondPair = products.Second.In(adapter.File);
        var exact = new WantedColumns(Precision: CoefficientPrecision.Double);
        if (
            Decompose(firstPair, null, device, exact, cancellationToken) is not { } first
            || Decompose(secondPair, null, device, exact, cancellationToken) is not { } second
            || HadamardDecomposition.MiddleOf(first, second) is not { } middle
        )
        {
            return null;
        }

        using WorkingMemory.Lease memory = WorkingMemory.Shared.Take(LayerBytes.OfProducts(layer));
        FactorPair vectors = HadamardDecomposition.ProductsOf(VectorsOf(first, firstPair, device), VectorsOf(second, secondPair, device));
        cancellationToken.ThrowIfCancellationRequested();
        using Tensor upGram = Gram(vectors.Up, transposed: false, RowWeights(effect), LayerDevice.Processor);
        cancellationToken.ThrowIfCancellationRequested();
        using Tensor downGram = Gram(vectors.Down, transposed: true, ColumnWeights(effect), LayerDevice.Processor);
        cancellationToken.ThrowIfCancellationRequested();
        return DiagonalSpectrum.Decompose(upGram, downGram, middle, wanted) is { } core
            ? new HadamardDecomposition(first, second, core)
            : null;
    }

    private static (Tensor Up, Tensor Down) VectorsOf(PairDecomposition product, FactorPair pair, LayerDevice device) =>
        device.Compute(onto =>
        {
            (Tensor up, Tensor down) = HadamardDecomposition.VectorsOf(product, pair, onto);
            return (TensorReader.TakeBack(up), TensorReader.TakeBack(down));
        });

    private static double[]? RowWeights(MagnitudeEffect? effect) => effect is { IsPerInput: false } ? effect.Weights : null;

    private static double[]? ColumnWeights(MagnitudeEffect? effect) => effect is { IsPerInput: true } ? effect.Weights : null;

    private static PairDecomposition? Decompose(
        FactorPair pair,
        MagnitudeEffect? effect,
        LayerDevice device,
        WantedColumns wanted,
        CancellationToken cancellationToken
    )
    {
        int count = Math.Min(pair.Rank, Math.Min(pair.Rows, pair.Columns));
        using WorkingMemory.Lease memory = WorkingMemory.Shared.Take(LayerBytes.ByGram(pair));
        if (pair.IsMatrix && effect is null)
        {
            bool ofColumns = pair.Columns <= pair.Rows;
            IFactor matrix = ofColumns ? pair.Up : pair.Down;
            return MatrixSpectrum.Decompose(Gram(matrix, transposed: !ofColumns, null, device), ofColumns, wanted);
        }

        double[]? rowWeights = RowWeights(effect);
        double[]? columnWeights = ColumnWeights(effect);

        // Above both sides, rank × rank Gram matrices would be larger than the factors, without bound.
        if (count < pair.Rank)
        {
            return SmallSpectrum.Decompose(FindRoots(), pair.Rank, count, wanted);
        }

        Tensor upGram = Gram(pair.Up, transposed: false, rowWeights, device);
        cancellationToken.ThrowIfCancellationRequested();
        Tensor downGram = Gram(pair.Down, transposed: true, columnWeights, device);
        cancellationToken.ThrowIfCancellationRequested();
        return SmallSpectrum.Decompose(upGram, downGram, pair.Rank, count, FindRoots, wanted);

        (Tensor Up, Tensor Down) FindRoots()
        {
            cancellationToken.ThrowIfCancellationRequested();
            memory.Change(LayerBytes.ByFactors(pair));
            Tensor up = Root(pair.Up, transposed: false, rowWeights, device);
            cancellationToken.ThrowIfCancellationRequested();
            return (up, Root(pair.Down, transposed: true, columnWeights, device));
        }
    }

    // R of a factor T, or of its transpose.
    private static Tensor Root(IFactor factor, bool transposed, double[]? weights, LayerDevice device) =>
        device.Compute(onto =>
        {
            Tensor matrix = ReadWeighted(factor, transposed, weights, onto);
            return TensorReader.TakeBack(SmallSpectrum.UpperRoot(transposed ? matrix.t() : matrix));
        });

    // TᵀT of a factor T, or of its transpose.
    private static Tensor Gram(IFactor factor, bool transposed, double[]? weights, LayerDevice device) =>
        device.Compute(onto =>
        {
            if (!onto.IsCuda && factor.Type != TensorType.Float64)
            {
                return GramOfStored(factor, transposed, weights).MoveToOuterDisposeScope();
            }

            Tensor matrix = ReadWeighted(factor, transposed, weights, onto);
            return TensorReader.TakeBack(transposed ? matrix.matmul(matrix.t()) : matrix.t().matmul(matrix));
        });

    private static Tensor ReadWeighted(IFactor factor, bool transposed, double[]? weights, ComputeDevice device)
    {
        Tensor matrix = FactorMatrix.Read(factor, ScalarType.Float64, device);
        return weights is null
            ? matrix
            : matrix
                * TensorReader.FromArray(
                    weights,
                    transposed ? 1 : weights.Length,
                    transposed ? weights.Length : 1,
                    ScalarType.Float64,
                    device
                );
    }

    // On the processor, without a copy in double precision.
    private static Tensor GramOfStored(IFactor factor, bool transposed, double[]? weights)
    {
        (int length, int rank) = transposed ? (factor.Columns, factor.Rows) : (factor.Rows, factor.Columns);
        int byteLength = factor.ByteLength();
        using var buffer = new AlignedMemory<byte>(byteLength);
        Span<byte> bytes = buffer.Span;
        factor.ReadRows(0, factor.Rows, bytes);
        Tensor gram = empty([rank, rank], ScalarType.Float64);
        Span<double> numbers = MemoryMarshal.Cast<byte, double>(gram.bytes);
        if (weights is null)
        {
            GramMatrix.Compute(factor.Type, bytes, length, rank, transposed, numbers);
        }
        else
        {
            float[] weighted = Weigh(factor.Type, bytes, weights, length, rank, transposed);
            GramMatrix.Compute(TensorType.Float32, MemoryMarshal.AsBytes<float>(weighted), length, rank, transposed, numbers);
        }

        return gram;
    }

    private static float[] Weigh(TensorType type, ReadOnlySpan<byte> bytes, double[] weights, int length, int rank, bool transposed)
    {
        float[] numbers = GC.AllocateUninitializedArray<float>(length * rank);
        WeightDecoder.ToSingle(type, bytes, numbers);
        for (int index = 0; index < numbers.Length; index++)
        {
            numbers[index] = (float)(numbers[index] * weights[transposed ? index % length : index / rank]);
        }

        return numbers;
    }
}

/// <summary>The base weight under a layer, as far as it is known.</summary>
/// <param name="Weight">The weight, or null.</param>
/// <param name="Norms">Its norms, or null.</param>
/// <param name="CheckpointPath">The base model that they come from, or null.</param>
internal readonly record struct LayerBase(BaseWeight? Weight, BaseNorms? Norms, string? CheckpointPath);
