using ResizeLora.Spectra;

namespace ResizeLora.Pictures;

/// <summary>What is shown of one LoRA file: the spectra of its layers, and where recipes cut.</summary>
/// <param name="Path">The LoRA file.</param>
/// <param name="Layers">Its layers, in their order.</param>
/// <param name="Cuts">The recipes; may be none.</param>
public sealed record SpectrumSheet(string Path, IReadOnlyList<LayerSpectrum> Layers, IReadOnlyList<RecipeCut> Cuts);
