namespace ResizeLora.Bench.Workloads;

/// <summary>One side of the comparison: what a workload asks of the engine and of the reference alike.</summary>
internal interface IBenchProgram
{
    /// <summary>How the side is called.</summary>
    string Name { get; }

    /// <summary>Removes the norms that were kept, as on the first run after an installation.</summary>
    void ForgetNorms();

    /// <summary>Makes sure that all norms are kept.</summary>
    /// <param name="pair">The base model.</param>
    void RememberNorms(BasePair pair);

    /// <summary>The whole job: resizes files by every recipe.</summary>
    /// <param name="work">The files and recipes.</param>
    void Resize(ResizeWork work);

    /// <summary>Spectra alone: decomposes every layer of a file.</summary>
    /// <param name="lora">The file.</param>
    void Decompose(string lora);

    /// <summary>Norms alone: the spectral norm of every base weight, not looking at what was kept.</summary>
    /// <param name="pair">The base model.</param>
    void MeasureBase(BasePair pair);

    /// <summary>Prepares what <see cref="ScaleSubspaces"/> is given.</summary>
    /// <param name="pair">The base model and the LoRA file.</param>
    void PrepareSubspaces(BasePair pair);

    /// <summary>The references of the subspace score alone, for the spectra that were prepared.</summary>
    /// <param name="pair">The base model and the LoRA file.</param>
    void ScaleSubspaces(BasePair pair);

    /// <summary>Frees what was prepared.</summary>
    void FreeSubspaces();
}
