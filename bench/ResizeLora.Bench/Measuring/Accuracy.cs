namespace ResizeLora.Bench.Measuring;

/// <summary>The worst relative errors over a sample of layers, against the singular value decomposition in double precision.</summary>
/// <param name="Layers">How many layers were looked at.</param>
/// <param name="EngineSigma">The engine's σ, of those from 1e-4·σ₁ on.</param>
/// <param name="ReferenceSigma">The reference's, likewise.</param>
/// <param name="EngineBase">The engine's σ_max of base weights.</param>
/// <param name="ReferenceBase">The reference's.</param>
internal sealed record Accuracy(int Layers, double EngineSigma, double ReferenceSigma, double EngineBase, double ReferenceBase);
