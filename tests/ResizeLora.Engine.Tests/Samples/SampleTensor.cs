using ResizeLora.Files;

namespace ResizeLora.Tests;

/// <summary>A tensor to be put into a test's file.</summary>
internal sealed record SampleTensor(string Name, TensorType Type, long[] Shape, byte[] Bytes)
{
    public static SampleTensor Of(string name, TensorType type, long[] shape, IEnumerable<double> values) =>
        new(name, type, shape, WeightEncoder.Encode(type, values));

    public static SampleTensor Scalar(string name, double value, TensorType type = TensorType.Float32) => Of(name, type, [], [value]);
}
