namespace ResizeLora.Adapters;

/// <summary>A layer that is kept as it is, because its tensors are not a pair of factors that can be decomposed.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Reason">Why it is kept, in a few words, such as <c>no lora_up</c>, <c>LoHa</c> or <c>lora_down [4, 32, 3], lora_up [40, 4, 1]</c>.</param>
public sealed record KeptLayer(string Name, string Reason);
