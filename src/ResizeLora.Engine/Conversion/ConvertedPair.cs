using System.Numerics.Tensors;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Spectra;

namespace ResizeLora.Conversion;

/// <summary>
/// A pair of factors of the output. Where type, scale and place stay, its bytes are those of the input; else the numbers are computed
/// in double precision and rounded once.
/// </summary>
/// <param name="file">The input.</param>
/// <param name="name">The layer's name in the output, without suffix.</param>
/// <param name="columns">What the factors consist of.</param>
/// <param name="rows">The rows of B.</param>
/// <param name="types">The types that A and B are written in.</param>
/// <param name="scale">The scale that alpha, or the settings, will give; the rest goes into B.</param>
internal sealed class ConvertedPair(
    VerifiedFile file,
    string name,
    IReadOnlyList<FactorColumns> columns,
    int rows,
    (TensorType Down, TensorType Up) types,
    double scale
)
{
    private byte[]? waitingUp;

    /// <summary>The layer's name in the output.</summary>
    public string Name => name;

    /// <summary>What the factors consist of.</summary>
    public IReadOnlyList<FactorColumns> Columns => columns;

    /// <summary>The types that A and B are written in.</summary>
    public (TensorType Down, TensorType Up) Types => types;

    /// <summary>The scale that alpha gives.</summary>
    public double Scale => scale;

    /// <summary>The rank.</summary>
    public int Rank { get; } = columns.Sum(static column => column.Rank);

    /// <summary>The shape of A.</summary>
    public IReadOnlyList<long> DownShape => [Rank, .. First.InputShape];

    /// <summary>The shape of B.</summary>
    public IReadOnlyList<long> UpShape => [rows, Rank, .. UnitKernel];

    /// <summary>Whether the scale that went into B was rounded there; known when it is written.</summary>
    public bool IsRounded { get; private set; }

    /// <summary>Whether both factors are those of the input, byte for byte.</summary>
    public bool IsCopy => columns is [{ Rows: [{ AreAll: true }] }] && rows == First.OutFeatures && IsPlain;

    /// <summary>Whether some of the scale goes into B.</summary>
    public bool FoldsScale => columns.Any(column => column.Scale != scale);

    private AdapterLayer First => columns[0].Layer;

    // A pair keeps its dimensions; factors that are computed have those of their weight.
    private IEnumerable<long> UnitKernel =>
        First.StoredTensors is null ? First.Up.Shape.Skip(2) : First.InputShape.Skip(1).Select(static _ => 1L);

    // Only rows and columns are placed; no number changes.
    private bool IsPlain => !FoldsScale && columns.All(column => column.Layer.Down.Type == types.Down) && KeepsInputTypes;

    /// <summary>Writes A.</summary>
    /// <param name="sink">Takes the bytes.</param>
    public void WriteDown(TensorPieces.Handler sink)
    {
        if (IsPlain)
        {
            foreach (FactorColumns column in columns)
            {
                file.ReadPieces(column.Layer.Down, sink);
            }

            return;
        }

        (byte[] down, byte[] up) = Compute();
        waitingUp = up;
        sink(down);
    }

    /// <summary>Writes B.</summary>
    /// <param name="sink">Takes the bytes.</param>
    public void WriteUp(TensorPieces.Handler sink)
    {
        if (IsCopy)
        {
            file.ReadPieces(First.Up, sink);
        }
        else if (IsPlain)
        {
            sink(PlaceUp());
        }
        else
        {
            // The two factors mostly follow one another in a file.
            sink(waitingUp ?? Compute().Up);
            waitingUp = null;
        }
    }

    private byte[] PlaceUp()
    {
        int length = TensorTypes.BytesOf(types.Up);
        byte[] placed = new byte[checked(rows * Rank * length)];
        int first = 0;
        foreach (FactorColumns column in columns)
        {
            foreach (FactorRows part in column.Rows)
            {
                byte[] stored = file.Read(part.Layer.Up);
                int width = column.Rank * length;
                foreach (RowRun run in part.Runs)
                {
                    for (int row = 0; row < run.Count; row++)
                    {
                        int target = (((run.Target + row) * Rank) + first) * length;
                        stored.AsSpan((run.Source + row) * width, width).CopyTo(placed.AsSpan(target));
                    }
                }
            }

            first += column.Rank;
        }

        return placed;
    }

    private (byte[] Down, byte[] Up) Compute()
    {
        int inFeatures = First.InFeatures;
        double[] up = new double[checked(rows * Rank)];
        double[] down = new double[checked(Rank * inFeatures)];
        int first = 0;
        foreach (FactorColumns column in columns)
        {
            Decode(column.Layer.Down).CopyTo(down.AsSpan(first * inFeatures));
            foreach (FactorRows part in column.Rows)
            {
                Place(part, Decode(part.Layer.Up), column.Rank, first, scale == 0 ? 0 : part.Layer.Scale / scale, up);
            }

            first += column.Rank;
        }

        Balance(up, down, inFeatures);
        byte[] writtenDown = NumberEncoder.Encode(types.Down, down);
        byte[] writtenUp = NumberEncoder.Encode(types.Up, up);
        if (!AreFinite(types.Down, writtenDown) || !AreFinite(types.Up, writtenUp))
        {
            throw Explain();
        }

        IsRounded = FoldsScale && KeepsInputTypes && !IsExact(up, writtenUp);
        return (writtenDown, writtenUp);
    }

    private bool KeepsInputTypes => columns.All(column => column.Rows.All(part => part.Layer.Up.Type == types.Up));

    private void Place(FactorRows part, double[] numbers, int rank, int firstColumn, double factor, double[] up)
    {
        foreach (RowRun run in part.Runs)
        {
            for (int row = 0; row < run.Count; row++)
            {
                ReadOnlySpan<double> source = numbers.AsSpan((run.Source + row) * rank, rank);
                Span<double> target = up.AsSpan(((run.Target + row) * Rank) + firstColumn, rank);
                TensorPrimitives.Multiply(source, factor, target);
            }
        }
    }

    // Powers of two move from one factor to the other where its numbers would leave the type's range.
    private void Balance(double[] up, double[] down, int inFeatures)
    {
        for (int dimension = 0; dimension < Rank; dimension++)
        {
            double largestUp = LargestOfColumn(up, dimension);
            double largestDown = Largest(down.AsSpan(dimension * inFeatures, inFeatures));
            bool fits = Fits(types.Up, largestUp) && Fits(types.Down, largestDown);
            if (fits || largestUp == 0 || largestDown == 0 || !double.IsFinite(largestUp) || !double.IsFinite(largestDown))
            {
                continue;
            }

            int exponent = (Math.ILogB(largestDown) - Math.ILogB(largestUp)) / 2;
            for (int row = 0; row < rows; row++)
            {
                up[(row * Rank) + dimension] = Math.ScaleB(up[(row * Rank) + dimension], exponent);
            }

            foreach (ref double number in down.AsSpan(dimension * inFeatures, inFeatures))
            {
                number = Math.ScaleB(number, -exponent);
            }
        }
    }

    // Below the smallest, a dimension's other numbers lose digits that the type has for larger ones.
    private static bool Fits(TensorType type, double largest)
    {
        var range = NumberRange.Of(type);
        double smallest = range.HalfStep * Math.ScaleB(1, type == TensorType.Float16 ? 15 : 12);
        return largest <= range.Largest && largest >= smallest;
    }

    private double LargestOfColumn(double[] up, int dimension)
    {
        double largest = 0;
        for (int row = 0; row < rows; row++)
        {
            largest = Math.Max(largest, Math.Abs(up[(row * Rank) + dimension]));
        }

        return largest;
    }

    private static double Largest(ReadOnlySpan<double> numbers) =>
        numbers.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(numbers));

    private double[] Decode(TensorEntry tensor) => WeightNumbers.ToDoubles(tensor.Type, file.Read(tensor));

    private static bool AreFinite(TensorType type, byte[] bytes) => type == TensorType.Float64 || FiniteWeights.Are(type, bytes);

    // Either the input is broken, or its numbers do not fit the type.
    private AdapterException Explain()
    {
        foreach (FactorColumns column in columns)
        {
            foreach (FactorRows part in column.Rows)
            {
                if (!new[] { part.Layer.Up, part.Layer.Down }.All(factor => Array.TrueForAll(Decode(factor), double.IsFinite)))
                {
                    return FactorRange.Explain(file, part.Layer);
                }
            }
        }

        return new AdapterException(
            file.Path,
            First.Name,
            types.Up == TensorType.Float16 ? "Overflow" : "OverflowWidest",
            "its numbers are too large for the output's type."
        );
    }

    private bool IsExact(double[] numbers, byte[] written)
    {
        if (types.Up == TensorType.Float64)
        {
            return true;
        }

        float[] read = new float[numbers.Length];
        WeightDecoder.ToSingle(types.Up, written, read);
        for (int index = 0; index < read.Length; index++)
        {
            if (read[index] != numbers[index])
            {
                return false;
            }
        }

        return true;
    }
}
