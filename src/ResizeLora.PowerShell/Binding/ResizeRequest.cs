using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.PowerShell.Binding;

/// <summary>What a measurement of Measure-LoraResize asks Resize-Lora to write: one file by one recipe.</summary>
/// <param name="Layers">The layers of the file that were measured, and those that are copied.</param>
/// <param name="Recipe">The recipe.</param>
/// <param name="DType">The type of the written weights.</param>
/// <param name="OutputKind">In which form layers of other kinds than LoRA are written.</param>
public sealed record ResizeRequest(IReadOnlyList<LoraLayer> Layers, ResizeRecipe Recipe, OutputType DType, OutputKind OutputKind);
