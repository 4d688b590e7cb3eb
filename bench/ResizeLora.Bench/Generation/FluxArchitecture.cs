using static ResizeLora.Bench.Generation.ShapeList;

namespace ResizeLora.Bench.Generation;

/// <summary>
/// The tensors of Flux.1 dev in Black Forest Labs' layout, a quarter of its depth: 5 of 19 double blocks and 10 of 38 single ones; and
/// the layers that ai-toolkit trains, by the names that PEFT gives them in diffusers' model.
/// </summary>
internal sealed class FluxArchitecture
{
    private const int DoubleBlocks = 5;
    private const int SingleBlocks = 10;
    private const int InputWidth = 64;
    private const int TextWidth = 4096;
    private const int VectorWidth = 768;
    private const int TimeWidth = 256;

    private readonly ShapeList list = new();
    private readonly int width;

    /// <summary>Lists the tensors.</summary>
    /// <param name="divisor">What every width is divided by: 1 for the real shapes.</param>
    public FluxArchitecture(int divisor)
    {
        width = 3072 / divisor;
        list.AddWithBias("img_in", width, InputWidth);
        list.AddWithBias("txt_in", width, TextWidth / divisor);
        AddEmbedder("time_in", TimeWidth);
        AddEmbedder("vector_in", VectorWidth / divisor);
        AddEmbedder("guidance_in", TimeWidth);
        for (int block = 0; block < DoubleBlocks; block++)
        {
            AddDoubleBlock($"double_blocks.{Number(block)}");
        }

        for (int block = 0; block < SingleBlocks; block++)
        {
            string name = $"single_blocks.{Number(block)}";
            list.AddWithBias($"{name}.linear1", 7 * width, width);
            list.AddWithBias($"{name}.linear2", width, 5 * width);
            list.AddWithBias($"{name}.modulation.lin", 3 * width, width);
        }

        list.AddWithBias("final_layer.linear", InputWidth, width);
        list.AddWithBias("final_layer.adaLN_modulation.1", 2 * width, width);
    }

    /// <summary>Every tensor's name and shape.</summary>
    public IReadOnlyList<(string Name, long[] Shape)> Tensors => list.Tensors;

    /// <summary>The layers of a LoRA: 14 of a double block and 6 of a single one.</summary>
    public IEnumerable<TargetLayer> LoraLayers()
    {
        string[] squares = ["to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj", "to_out.0", "to_add_out"];
        for (int block = 0; block < DoubleBlocks; block++)
        {
            string name = $"transformer.transformer_blocks.{Number(block)}";
            foreach (string square in squares)
            {
                yield return new TargetLayer($"{name}.attn.{square}", [width, width]);
            }

            foreach (string side in (string[])["ff", "ff_context"])
            {
                yield return new TargetLayer($"{name}.{side}.net.0.proj", [4 * width, width]);
                yield return new TargetLayer($"{name}.{side}.net.2", [width, 4 * width]);
            }

            yield return new TargetLayer($"{name}.norm1.linear", [6 * width, width]);
            yield return new TargetLayer($"{name}.norm1_context.linear", [6 * width, width]);
        }

        for (int block = 0; block < SingleBlocks; block++)
        {
            string name = $"transformer.single_transformer_blocks.{Number(block)}";
            foreach (string square in squares.Take(3))
            {
                yield return new TargetLayer($"{name}.attn.{square}", [width, width]);
            }

            yield return new TargetLayer($"{name}.proj_mlp", [4 * width, width]);
            yield return new TargetLayer($"{name}.proj_out", [width, 5 * width]);
            yield return new TargetLayer($"{name}.norm.linear", [3 * width, width]);
        }
    }

    private void AddEmbedder(string name, int inputs)
    {
        list.AddWithBias($"{name}.in_layer", width, inputs);
        list.AddWithBias($"{name}.out_layer", width, width);
    }

    private void AddDoubleBlock(string name)
    {
        foreach (string side in (string[])["img", "txt"])
        {
            list.AddWithBias($"{name}.{side}_mod.lin", 6 * width, width);
            list.AddWithBias($"{name}.{side}_attn.qkv", 3 * width, width);
            list.Add($"{name}.{side}_attn.norm.query_norm.scale", 128);
            list.Add($"{name}.{side}_attn.norm.key_norm.scale", 128);
            list.AddWithBias($"{name}.{side}_attn.proj", width, width);
            list.AddWithBias($"{name}.{side}_mlp.0", 4 * width, width);
            list.AddWithBias($"{name}.{side}_mlp.2", width, 4 * width);
        }
    }
}
