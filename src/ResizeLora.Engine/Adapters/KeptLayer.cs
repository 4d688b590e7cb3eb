namespace ResizeLora.Adapters;

/// <summary>A layer that is kept as it is, because its tensors are not a pair of factors that can be decomposed.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Reason">Why it is kept, in a few words, such as <c>no lora_up</c> or <c>LoHa</c>.</param>
public sealed record KeptLayer(string Name, string Reason);
