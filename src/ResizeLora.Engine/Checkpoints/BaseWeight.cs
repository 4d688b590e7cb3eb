using System.Runtime.InteropServices;
using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>
/// A weight of the base model that a LoRA layer changes: a tensor, some rows of one that stacks several projections, or several such.
/// </summary>
public sealed class BaseWeight
{
    private readonly IReadOnlyList<WeightPart> parts;
    private readonly int groups;

    internal BaseWeight(LayerKey key, string layer, IReadOnlyList<WeightPart> parts, int groups = 1)
    {
        this.parts = parts;
        this.groups = groups;
        Module = parts[0].Module;
        Key = key;
        Layer = layer;
        Rows = parts.Sum(static part => part.Rows) / groups;
        WeightPart first = parts[0];
        KernelShape = first.IsTransposed ? [first.Tensor.Shape[0]] : [.. first.Tensor.Shape.Skip(1)];
        TensorType[] types = [.. parts.Select(static part => part.Tensor.Type).Distinct()];
        Type = parts.All(static part => part.IsPlain) && types is [var only] ? only : TensorType.Float32;
    }

    /// <summary>What the weight is, whatever spelling the base model uses.</summary>
    public LayerKey Key { get; }

    /// <summary>What tells the weight from others of its base model.</summary>
    public string Name => groups == 1 ? Key.ToString() : FormattableString.Invariant($"{Key} in {groups} groups");

    /// <summary>The name of the LoRA layer, as kohya's trainer writes it.</summary>
    public string Layer { get; }

    /// <summary>n: the rows.</summary>
    public int Rows { get; }

    /// <summary>m: the elements of a row, in · kernel height · kernel width.</summary>
    public int Columns => StoredColumns * groups;

    /// <summary>
    /// The type in which <see cref="Read(int, Span{byte})"/> gives the weight: the stored one, or Float32 where it must be decoded.
    /// </summary>
    public TensorType Type { get; }

    /// <summary>The size of one row in bytes, of that type.</summary>
    public int RowByteLength => Columns * TensorTypes.BytesOf(Type);

    /// <summary>The size of the weight in bytes, of that type.</summary>
    public long ByteLength => (long)Rows * RowByteLength;

    /// <summary>
    /// What all stored numbers are multiplied by, where that is one number and 8-bit floats are stored: their norms are those of what is
    /// stored, times this. Else null.
    /// </summary>
    internal float? StoredFactor =>
        parts is [{ IsTransposed: false, Tensor.Type: TensorType.Float8E4M3 or TensorType.Float8E5M2 } only]
        && only.Scale?.Whole is { } factor
        && float.IsNormal(factor)
            ? factor
            : null;

    /// <summary>Whether norms are measured on blocks of GGUF's Q8_0, whatever <see cref="StoredType"/> says.</summary>
    internal bool IsQ8 => groups == 1 && parts.All(static part => part.IsQ8);

    /// <summary>The type of what norms are measured on: the stored one, wherever that is possible.</summary>
    internal TensorType StoredType => StoredFactor is null ? Type : parts[0].Tensor.Type;

    /// <summary>The bytes of what norms are measured on.</summary>
    internal long StoredByteLength =>
        IsQ8 ? Q8Blocks.LengthOf(Rows, Columns) : (long)Rows * Columns * TensorTypes.BytesOf(StoredType);

    /// <summary>The bytes that norms take while they are measured: weights of 8 bits are arranged anew, in 16 at most.</summary>
    internal long MeasuringByteLength
    {
        get
        {
            long halves = (long)Rows * Columns * sizeof(ushort);
            return StoredByteLength + (StoredByteLength < halves ? halves : 0);
        }
    }

    /// <summary>The shape of the weight as people write it.</summary>
    public string ShapeText => AdapterLayer.TextOf(KernelShape.Prepend(Rows * groups));

    /// <summary>The base model's tensor, the first where there are several.</summary>
    public string Tensor => parts[0].Tensor.Name;

    /// <summary>The file that holds it; null where several do.</summary>
    internal BaseFile? File => parts.All(part => ReferenceEquals(part.File, parts[0].File)) ? parts[0].File : null;

    /// <summary>The rows' places, for what reads several weights of one tensor.</summary>
    internal IReadOnlyList<WeightPart> Parts => parts;

    private string Module { get; }

    private int StoredColumns => (int)KernelShape.Aggregate(1L, static (product, side) => product * side);

    private IReadOnlyList<long> KernelShape { get; }

    /// <summary>Whether a LoRA layer fits. A 1×1 convolution and a matrix are one and the same.</summary>
    /// <param name="layer">The layer.</param>
    public bool Fits(AdapterLayer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return layer.IsFlat
            ? layer.OutFeatures == Rows && layer.InFeatures == Columns
            : layer.WeightShape.SequenceEqual(AdapterLayer.WithoutUnitKernel(KernelShape.Prepend(Rows)));
    }

    /// <summary>
    /// The weight as a layer over a convolution in groups takes it: the trainer makes up of [out/groups, rank] and down of
    /// [rank, in, kernel], and reads their product as [out, in/groups, kernel], the same numbers in the same order.
    /// </summary>
    /// <param name="layer">A layer.</param>
    /// <returns>The weight with its rows put together, or null where the shapes are not those of groups.</returns>
    internal BaseWeight? InGroupsOf(AdapterLayer layer)
    {
        bool isConvolution = KernelShape.Count > 1 && layer.InputShape.Skip(1).SequenceEqual(KernelShape.Skip(1));
        int count = isConvolution && layer.OutFeatures > 0 ? Rows / layer.OutFeatures : 0;
        return count > 1 && layer.OutFeatures * count == Rows && KernelShape[0] * count == layer.InputShape[0]
            ? new BaseWeight(Key, Layer, parts, count)
            : null;
    }

    /// <summary>A layer with the kernel of this weight, where its factors do not tell it.</summary>
    /// <param name="layer">A layer that fits.</param>
    internal AdapterLayer WithKernel(AdapterLayer layer) => layer.IsFlat ? layer with { KnownInputShape = KernelShape } : layer;

    /// <summary>Whether a module's name is the weight's own, rather than another name for it.</summary>
    /// <param name="module">The name, dotted or underscored.</param>
    internal bool Mirrors(string module) => Key.Rows.IsWhole && NameTable.Underscored(module) == NameTable.Underscored(Module);

    /// <summary>Reads the whole weight.</summary>
    /// <param name="destination">As long as <see cref="ByteLength"/>.</param>
    public void Read(Span<byte> destination) => Read(0, destination);

    /// <summary>Reads what norms are measured on.</summary>
    /// <param name="destination">As long as <see cref="StoredByteLength"/>.</param>
    internal void ReadStored(Span<byte> destination)
    {
        if (IsQ8)
        {
            foreach (WeightPart part in parts)
            {
                int length = (int)Q8Blocks.LengthOf(part.Rows, Columns);
                part.ReadQ8(destination[..length]);
                destination = destination[length..];
            }
        }
        else if (StoredFactor is null)
        {
            Read(destination);
        }
        else
        {
            parts[0].Read(0, destination);
        }
    }

    /// <summary>Reads some rows.</summary>
    /// <param name="firstRow">The first of them.</param>
    /// <param name="destination">As long as the rows wanted.</param>
    public void Read(int firstRow, Span<byte> destination)
    {
        int row = firstRow * groups;
        int start = 0;
        int rowLength = StoredColumns * TensorTypes.BytesOf(Type);
        foreach (WeightPart part in parts)
        {
            int count = Math.Min(start + part.Rows - row, destination.Length / rowLength);
            if (count > 0)
            {
                Span<byte> rows = destination[..(count * rowLength)];
                if (part.IsPlain && part.Tensor.Type == Type)
                {
                    part.Read(row - start, rows);
                }
                else
                {
                    part.ReadDecoded(row - start, MemoryMarshal.Cast<byte, float>(rows));
                }

                destination = destination[rows.Length..];
                row += count;
            }

            start += part.Rows;
        }
    }
}
