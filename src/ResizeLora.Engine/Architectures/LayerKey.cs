namespace ResizeLora.Architectures;

/// <summary>The one identity of a layer, whatever spelling its file uses.</summary>
/// <param name="Component">The part of the model.</param>
/// <param name="Path">
/// The module's path in the words of the architecture, <c>_</c> for every <c>.</c>, such as <c>double_blocks_0_img_attn_qkv</c>.
/// </param>
/// <param name="Rows">The rows of that module that the layer changes; all of them by default.</param>
public readonly record struct LayerKey(Component Component, string Path, RowSelection Rows = default)
{
    /// <summary>The path, and which parts of a fused weight are meant.</summary>
    public override string ToString() => Rows.IsWhole ? $"{Component}: {Path}" : $"{Component}: {Path}[{Rows}]";
}
