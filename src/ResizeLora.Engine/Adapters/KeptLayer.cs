using ResizeLora.Dialects;

namespace ResizeLora.Adapters;

/// <summary>A layer that is kept as it is, because its tensors are not of a kind that can be decomposed.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Reason">Why it is kept, in a few words, such as <c>no lora_up</c> or <c>OFT</c>.</param>
/// <param name="Kind">The kind of adapter, as far as the names of its tensors tell.</param>
public sealed record KeptLayer(string Name, string Reason, AdapterKind Kind);
