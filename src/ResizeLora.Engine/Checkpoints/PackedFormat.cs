using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>Recognises base models whose weights are packed in a way that they cannot be read from.</summary>
internal static class PackedFormat
{
    private static readonly (string Suffix, string Name)[] Marks =
    [
        (".quant_state.bitsandbytes__nf4", "bitsandbytes NF4"),
        (".quant_state.bitsandbytes__fp4", "bitsandbytes FP4"),
        (".weight.absmax", "bitsandbytes"),
        (".wscales", "nunchaku (SVDQuant)"),
        (".weight_scale_2", "NVFP4"),
        (".qzeros", "GPTQ or AWQ"),
        (".qweight", "GPTQ, AWQ or nunchaku"),
        ("._packed", "torchao or quanto"),
        (".weight._data", "quanto"),
    ];

    /// <summary>Refuses a file of such a format.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="CheckpointException">Its weights are packed.</exception>
    public static void Refuse(ITensorFile file)
    {
        if (file is GgufFile { Unsupported: [var unread, ..] })
        {
            throw Packed(file.Path, $"GGUF {unread.Type}", unread.Name);
        }

        foreach ((string suffix, string name) in Marks)
        {
            if (file.Header.Tensors.FirstOrDefault(tensor => tensor.Name.EndsWith(suffix, StringComparison.Ordinal)) is { } found)
            {
                throw Packed(file.Path, name, found.Name);
            }
        }
    }

    /// <summary>The refusal.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">The format's name.</param>
    /// <param name="tensor">A tensor that shows it.</param>
    public static CheckpointException Packed(string path, string format, string tensor) =>
        new(
            path,
            nameof(Packed),
            $"'{path}' holds weights packed as {format} ('{tensor}'), from which no norms can be measured. Use the same model in 16 bits, "
                + "in fp8, or as GGUF (Q8_0, Q6_K, Q5, Q4)."
        );
}
