using ResizeLora.Recipes;

namespace ResizeLora.Bench.Workloads;

/// <summary>One side of the comparison: what a workload asks of the engine and of the reference alike.</summary>
internal interface IBenchProgram
{
    /// <summary>How the side is called.</summary>
    string Name { get; }

    /// <summary>Removes the norms that were kept, as on the first run after an installation.</summary>
    void ForgetNorms();

    /// <summary>Makes sure that all norms are kept.</summary>
    void RememberNorms();

    /// <summary>The whole job: resizes files by every recipe.</summary>
    /// <param name="loras">The LoRA files.</param>
    /// <param name="recipes">The recipes.</param>
    void Resize(IReadOnlyList<string> loras, IReadOnlyList<ResizeRecipe> recipes);

    /// <summary>Spectra alone: decomposes every layer of a file.</summary>
    /// <param name="lora">The file.</param>
    void Decompose(string lora);

    /// <summary>Norms alone: the spectral norm of every base weight, not looking at what was kept.</summary>
    void MeasureBase();

    /// <summary>Prepares what <see cref="ScaleSubspaces"/> is given.</summary>
    /// <param name="lora">The LoRA file.</param>
    void PrepareSubspaces(string lora);

    /// <summary>The references of the subspace score alone, for the spectra that were prepared.</summary>
    void ScaleSubspaces();
}
