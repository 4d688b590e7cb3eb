using ResizeLora.Dialects;

namespace ResizeLora.Conversion;

/// <summary>A LoRA file that was written in another spelling, kind or type.</summary>
public sealed record LoraConversion
{
    internal LoraConversion(ConversionPlan plan, string path, int roundedLayerCount, TimeSpan elapsed)
    {
        Source = plan.Making.SourcePath;
        Path = path;
        Naming = plan.Naming;
        Kind = plan.Kind;
        LayerCount = plan.LayerCount;
        WrittenLayerCount = plan.WrittenLayerCount;
        LeftBehind = [.. plan.LeftBehind.Select(static layer => layer.Name)];
        RoundedLayerCount = roundedLayerCount;
        OldLength = plan.OldLength;
        NewLength = plan.Length;
        Elapsed = elapsed;
    }

    /// <summary>The LoRA file.</summary>
    public string Source { get; }

    /// <summary>The file that was written; of a folder of PEFT the <c>adapter_model.safetensors</c> in it.</summary>
    public string Path { get; }

    /// <summary>In whose words the layers are named now; null where the names stayed.</summary>
    public LoraNaming? Naming { get; }

    /// <summary>The family of the output.</summary>
    public AdapterKind Kind { get; }

    /// <summary>The layers of the input.</summary>
    public int LayerCount { get; }

    /// <summary>The layers of the output: more where a fused one was divided, fewer where several were fused.</summary>
    public int WrittenLayerCount { get; }

    /// <summary>The names of the layers and tensors that the output lacks.</summary>
    public IReadOnlyList<string> LeftBehind { get; }

    /// <summary>How many of these there are.</summary>
    public int LeftBehindCount => LeftBehind.Count;

    /// <summary>The layers whose scale was rounded when it went into a factor.</summary>
    public int RoundedLayerCount { get; }

    /// <summary>The size of the input in bytes.</summary>
    public long OldLength { get; }

    /// <summary>The size of the output in bytes.</summary>
    public long NewLength { get; }

    /// <summary>The time that it took.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Source and output.</summary>
    public override string ToString() => $"{Source} -> {Path}";
}
