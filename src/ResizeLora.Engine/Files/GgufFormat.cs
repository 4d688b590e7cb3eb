using System.Globalization;

namespace ResizeLora.Files;

/// <summary>How a GGUF file stores the numbers of a tensor: a plain type, blocks that are decoded, or neither.</summary>
internal sealed class GgufFormat
{
    /// <summary>The name of blocks that are a half and 32 signed bytes.</summary>
    public const string Q8 = "Q8_0";

    // The numbers and names are those of ggml's enum ggml_type. What has a name only is refused by it.
    private static readonly Dictionary<uint, GgufFormat> Formats = new()
    {
        [0] = Plain("F32", TensorType.Float32),
        [1] = Plain("F16", TensorType.Float16),
        [24] = Plain("I8", TensorType.Int8),
        [25] = Plain("I16", TensorType.Int16),
        [26] = Plain("I32", TensorType.Int32),
        [27] = Plain("I64", TensorType.Int64),
        [28] = Plain("F64", TensorType.Float64),
        [30] = Plain("BF16", TensorType.BFloat16),
        [2] = Blocks("Q4_0", 32, 18, GgufBlocks.Q4_0),
        [3] = Blocks("Q4_1", 32, 20, GgufBlocks.Q4_1),
        [6] = Blocks("Q5_0", 32, 22, GgufBlocks.Q5_0),
        [7] = Blocks("Q5_1", 32, 24, GgufBlocks.Q5_1),
        [8] = Blocks(Q8, 32, 34, GgufBlocks.Q8_0),
        [20] = Blocks("IQ4_NL", 32, 18, GgufBlocks.IQ4_NL),
        [10] = Blocks("Q2_K", 256, 84, GgufBlocks.Q2_K),
        [11] = Blocks("Q3_K", 256, 110, GgufBlocks.Q3_K),
        [12] = Blocks("Q4_K", 256, 144, GgufBlocks.Q4_K),
        [13] = Blocks("Q5_K", 256, 176, GgufBlocks.Q5_K),
        [14] = Blocks("Q6_K", 256, 210, GgufBlocks.Q6_K),
        [23] = Blocks("IQ4_XS", 256, 136, GgufBlocks.IQ4_XS),
        [4] = Named("Q4_2"),
        [5] = Named("Q4_3"),
        [9] = Named("Q8_1"),
        [15] = Named("Q8_K"),
        [16] = Named("IQ2_XXS"),
        [17] = Named("IQ2_XS"),
        [18] = Named("IQ3_XXS"),
        [19] = Named("IQ1_S"),
        [21] = Named("IQ3_S"),
        [22] = Named("IQ2_S"),
        [29] = Named("IQ1_M"),
        [31] = Named("Q4_0_4_4"),
        [32] = Named("Q4_0_4_8"),
        [33] = Named("Q4_0_8_8"),
        [34] = Named("TQ1_0"),
        [35] = Named("TQ2_0"),
        [36] = Named("IQ4_NL_4_4"),
        [37] = Named("IQ4_NL_4_8"),
        [38] = Named("IQ4_NL_8_8"),
        [39] = Named("MXFP4"),
        [40] = Named("NVFP4"),
    };

    private GgufFormat(string name, TensorType type, int blockLength, int blockByteLength, GgufBlocks.Decoder? decode)
    {
        Name = name;
        Type = type;
        BlockLength = blockLength;
        BlockByteLength = blockByteLength;
        Decode = decode;
    }

    /// <summary>The name that people know it by, such as <c>Q4_K</c>.</summary>
    public string Name { get; }

    /// <summary>The type of the numbers as they are handed out; single precision for blocks.</summary>
    public TensorType Type { get; }

    /// <summary>How many numbers a block holds; 1 for plain types, 0 where it cannot be read.</summary>
    public int BlockLength { get; }

    /// <summary>How many bytes a block takes.</summary>
    public int BlockByteLength { get; }

    /// <summary>Decodes one block; null for plain types.</summary>
    public GgufBlocks.Decoder? Decode { get; }

    /// <summary>Whether tensors of this format can be read.</summary>
    public bool IsReadable => BlockLength > 0;

    /// <summary>The format of a number in a header.</summary>
    /// <param name="id">The number; one that is not known gives a format that cannot be read.</param>
    public static GgufFormat Of(uint id) =>
        Formats.GetValueOrDefault(id) ?? Named(string.Create(CultureInfo.InvariantCulture, $"type {id}"));

    private static GgufFormat Plain(string name, TensorType type) => new(name, type, 1, TensorTypes.BytesOf(type), null);

    private static GgufFormat Blocks(string name, int length, int byteLength, GgufBlocks.Decoder decode) =>
        new(name, TensorType.Float32, length, byteLength, decode);

    private static GgufFormat Named(string name) => new(name, TensorType.Float32, 0, 0, null);
}
