using System.Text.RegularExpressions;

namespace ResizeLora.Architectures;

/// <summary>Reads the block out of a module's name, dotted or underscored.</summary>
internal static partial class BlockName
{
    /// <summary>The block, such as <c>input_blocks.4</c>, <c>middle_block</c> or <c>layers.11</c>; empty when there is none.</summary>
    /// <param name="module">The module's name, with or without a prefix.</param>
    public static string Of(string module)
    {
        Match match = BlockPattern().Match(module);
        return !match.Success ? string.Empty
            : match.Groups["number"].Success ? $"{match.Groups["block"].Value}.{match.Groups["number"].Value}"
            : match.Groups["block"].Value;
    }

    // What is longer comes first: single_transformer_blocks before transformer_blocks before blocks.
    [GeneratedRegex(
        "(?<=^|[._])((?<block>middle_block|mid_block)"
            + "|(?<block>(input|output|double_stream|single_stream|double|single_transformer|single|transformer|joint|vace|down|up)_blocks"
            + "|double_layers|single_layers|noise_refiner|context_refiner|resblocks|blocks|block|layers|blk)[._](?<number>[0-9]+))"
            + "(?=[._]|$)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex BlockPattern();
}
