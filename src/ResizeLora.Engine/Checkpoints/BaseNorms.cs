namespace ResizeLora.Checkpoints;

/// <summary>The norms of one base weight W, flattened to n × m.</summary>
/// <param name="Spectral">σ_max(W), within 1e-5 relative.</param>
/// <param name="Frobenius">‖W‖F.</param>
public readonly record struct BaseNorms(double Spectral, double Frobenius);
