namespace ResizeLora.Dialects;

/// <summary>The family of an adapter: how its tensors make up the change of a weight.</summary>
public enum AdapterKind
{
    /// <summary>Pairs of factors over matrices and 1×1 convolutions.</summary>
    LoRA,

    /// <summary>Pairs of factors, some over convolutions with larger kernels (LyCORIS LoCon, kohya's LoRA-C3Lier).</summary>
    LoCon,

    /// <summary>Pairs of factors with a learned magnitude for each output.</summary>
    DoRA,

    /// <summary>LyCORIS: the Hadamard product of two pairs.</summary>
    LoHa,

    /// <summary>LyCORIS: a Kronecker product.</summary>
    LoKr,

    /// <summary>LyCORIS: two pairs, one of which multiplies the base weight.</summary>
    GLoRA,

    /// <summary>Learned factors on the activations.</summary>
    IA3,

    /// <summary>Orthogonal rotations of the base weight (OFT, BOFT).</summary>
    OFT,

    /// <summary>Whole differences of weights, biases or norms, without factors.</summary>
    Full,

    /// <summary>Layers of more than one family.</summary>
    Mixed,
}
