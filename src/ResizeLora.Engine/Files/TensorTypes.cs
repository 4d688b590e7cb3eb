using System.Diagnostics.CodeAnalysis;

namespace ResizeLora.Files;

/// <summary>Names and sizes of <see cref="TensorType"/> as the format spells them.</summary>
public static class TensorTypes
{
    private static readonly (string Name, int Bits)[] Table =
    [
        ("BOOL", 8),
        ("F4", 4),
        ("F6_E2M3", 6),
        ("F6_E3M2", 6),
        ("U8", 8),
        ("I8", 8),
        ("F8_E5M2", 8),
        ("F8_E4M3", 8),
        ("F8_E8M0", 8),
        ("I16", 16),
        ("U16", 16),
        ("F16", 16),
        ("BF16", 16),
        ("I32", 32),
        ("U32", 32),
        ("F32", 32),
        ("C64", 64),
        ("F64", 64),
        ("I64", 64),
        ("U64", 64),
    ];

    /// <summary>The name that the header uses, such as <c>F16</c>.</summary>
    /// <param name="type">The element type.</param>
    public static string NameOf(TensorType type) => Table[(int)type].Name;

    /// <summary>The size of one element in bits.</summary>
    /// <param name="type">The element type.</param>
    public static int BitsOf(TensorType type) => Table[(int)type].Bits;

    /// <summary>The size of one element in bytes; the packed 4- and 6-bit types have none.</summary>
    /// <param name="type">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">The type is packed.</exception>
    public static int BytesOf(TensorType type)
    {
        int bits = BitsOf(type);
        return bits % 8 == 0 ? bits / 8 : throw new ArgumentOutOfRangeException(nameof(type), type, "A packed type has no whole bytes.");
    }

    /// <summary>
    /// Whether weights of this type can be computed with: the floating-point types of at least 8 bits that checkpoints and LoRA files
    /// use.
    /// </summary>
    /// <param name="type">The element type.</param>
    public static bool IsWeight(TensorType type) =>
        type
            is TensorType.Float8E4M3
                or TensorType.Float8E5M2
                or TensorType.Float16
                or TensorType.BFloat16
                or TensorType.Float32
                or TensorType.Float64;

    /// <summary>Finds the type that a header names.</summary>
    /// <param name="name">The name in the header; case counts.</param>
    /// <param name="type">The type when found.</param>
    /// <returns>Whether the name is known.</returns>
    public static bool TryParse([NotNullWhen(true)] string? name, out TensorType type)
    {
        int index = Array.FindIndex(Table, entry => entry.Name == name);
        type = (TensorType)Math.Max(index, 0);
        return index >= 0;
    }
}
