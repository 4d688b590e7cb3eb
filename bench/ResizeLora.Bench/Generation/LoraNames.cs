namespace ResizeLora.Bench.Generation;

/// <summary>What kohya's trainer puts behind a layer's name.</summary>
internal static class LoraNames
{
    /// <summary>The factor A.</summary>
    public const string Down = ".lora_down.weight";

    /// <summary>The factor B.</summary>
    public const string Up = ".lora_up.weight";

    /// <summary>alpha.</summary>
    public const string Alpha = ".alpha";
}
