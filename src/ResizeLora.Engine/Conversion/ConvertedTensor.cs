using ResizeLora.Files;

namespace ResizeLora.Conversion;

/// <summary>A tensor of an output.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Write">Writes its bytes.</param>
internal sealed record ConvertedTensor(string Name, TensorType Type, IReadOnlyList<long> Shape, Action<TensorPieces.Handler> Write);
