namespace ResizeLora.Bench.Measuring;

/// <summary>What starting costs, in seconds beyond an empty command on the same host.</summary>
/// <param name="Empty">The empty command itself.</param>
/// <param name="Import"><c>Import-Module</c>.</param>
/// <param name="FirstOutput">Import, and the spectrum of the sample LoRA's first layer, libtorch's loading included.</param>
/// <param name="Job">Import, and the sample LoRA resized against the sample base model.</param>
internal sealed record StartUp(double Empty, double Import, double FirstOutput, double Job);
