using ResizeLora.Adapters;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>
/// The weight of the base model that a LoRA layer changes: a tensor, or some rows of one that stacks several projections.
/// </summary>
/// <param name="Layer">The LoRA layer's name.</param>
/// <param name="Tensor">The checkpoint's tensor, shape (out · stacked) × in [× kernel height × kernel width].</param>
/// <param name="FirstRow">The first row of the slice; 0 when the whole tensor is meant.</param>
/// <param name="Rows">n: the rows of the slice.</param>
public sealed record BaseWeight(string Layer, TensorEntry Tensor, int FirstRow, int Rows)
{
    /// <summary>m: the elements of a row, in · kernel height · kernel width.</summary>
    public int Columns => (int)(Tensor.ElementCount / Tensor.Shape[0]);

    /// <summary>The size of one row in bytes.</summary>
    public int RowByteLength => Columns * TensorTypes.BytesOf(Tensor.Type);

    /// <summary>The size of the slice in bytes.</summary>
    public long ByteLength => (long)Rows * RowByteLength;

    /// <summary>The shape of the slice as people write it.</summary>
    public string ShapeText => AdapterLayer.TextOf(Tensor.Shape.Skip(1).Prepend(Rows));

    /// <summary>Checks that a LoRA layer fits.</summary>
    /// <param name="layer">The layer of that name.</param>
    /// <param name="path">The LoRA file, for the message.</param>
    /// <exception cref="AdapterException">Rows, columns or kernel differ.</exception>
    public void Validate(AdapterLayer layer, string path)
    {
        ArgumentNullException.ThrowIfNull(layer);

        long[] shape = Tensor.Shape.Skip(1).Prepend(Rows).ToArray();
        if (!layer.WeightShape.SequenceEqual(AdapterLayer.WithoutUnitKernel(shape)))
        {
            string given = AdapterLayer.TextOf(layer.Down.Shape.Skip(1).Prepend(layer.OutFeatures));
            throw new AdapterException(
                path,
                layer.Name,
                "ShapeMismatch",
                $"its shape {given} does not fit the base layer's {ShapeText} ('{Tensor.Name}'): "
                    + "the LoRA was made for another kind of model."
            );
        }
    }
}
