using System.Buffers.Binary;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>Reads a tensor of one number, such as alpha, of any type that trainers store it in.</summary>
internal static class ScalarReader
{
    /// <summary>Whether a tensor is one number of a known type.</summary>
    /// <param name="tensor">The tensor.</param>
    public static bool IsReadable(TensorEntry tensor) =>
        tensor.ElementCount == 1
        && (
            TensorTypes.IsWeight(tensor.Type)
            || tensor.Type is TensorType.Int64 or TensorType.Int32 or TensorType.Int16 or TensorType.Int8 or TensorType.UInt8
        );

    /// <summary>Reads the number.</summary>
    /// <param name="file">The file.</param>
    /// <param name="tensor">One of its tensors.</param>
    /// <returns>The number, finite or not; null when the tensor is not one number of a known type.</returns>
    public static double? TryRead(ITensorFile file, TensorEntry tensor)
    {
        if (!IsReadable(tensor))
        {
            return null;
        }

        byte[] bytes = file.Read(tensor);
        return tensor.Type switch
        {
            TensorType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            TensorType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            TensorType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            TensorType.Int8 => (sbyte)bytes[0],
            TensorType.UInt8 => bytes[0],
            TensorType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            _ => ReadSingle(tensor.Type, bytes),
        };
    }

    private static float ReadSingle(TensorType type, byte[] bytes)
    {
        Span<float> value = stackalloc float[1];
        WeightDecoder.ToSingle(type, bytes, value);
        return value[0];
    }
}
