namespace ResizeLora.Files;

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Entry">What it looks like when read.</param>
/// <param name="Format">How it is stored.</param>
/// <param name="Position">Its first byte in the file.</param>
internal sealed record GgufTensor(TensorEntry Entry, GgufFormat Format, long Position);
