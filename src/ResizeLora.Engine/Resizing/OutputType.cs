namespace ResizeLora.Resizing;

/// <summary>The type in which the factors of resized layers are written.</summary>
public enum OutputType
{
    /// <summary>IEEE half precision; what most LoRA files use.</summary>
    Float16,

    /// <summary>The range of single precision at a quarter of half precision's digits.</summary>
    BFloat16,

    /// <summary>IEEE single precision; twice the size.</summary>
    Float32,
}
