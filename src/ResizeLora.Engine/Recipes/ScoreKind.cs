namespace ResizeLora.Recipes;

/// <summary>What a singular value is measured against; the names in recipes are those of the reference program.</summary>
public enum ScoreKind
{
    /// <summary><c>spn_ckpt</c>: σ_max of the base weight.</summary>
    SpectralCheckpoint,

    /// <summary><c>spn_lora</c>: σ₁ of the layer itself.</summary>
    SpectralLora,

    /// <summary><c>fro_ckpt</c>: ‖W‖F of the base weight.</summary>
    FrobeniusCheckpoint,

    /// <summary><c>fro_lora</c>: ‖ΔW‖F of the layer itself.</summary>
    FrobeniusLora,

    /// <summary><c>subspace</c>: |uᵢᵀ W vᵢ|, how much the base weight passes on from vᵢ to uᵢ.</summary>
    Subspace,

    /// <summary><c>params</c>: n + m, the numbers that one more dimension costs.</summary>
    Parameters,
}
