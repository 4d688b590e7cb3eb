using static ResizeLora.Bench.Generation.ShapeList;

namespace ResizeLora.Bench.Generation;

/// <summary>The U-Nets of Stable Diffusion in Stability's layout; what tells one from the other are a few numbers.</summary>
/// <param name="Width">The width of the outermost level.</param>
/// <param name="Levels">Each level's multiple of that width, and how deep its transformers are; 0 where it has none.</param>
/// <param name="MiddleDepth">How deep the transformer in the middle is.</param>
/// <param name="ContextWidth">The width of what the text encoders give.</param>
/// <param name="LabelWidth">The width of the further conditions; 0 where there are none.</param>
/// <param name="HasLinearProjections">Whether transformers begin and end with matrices rather than convolutions of 1 × 1.</param>
internal sealed record UNetShapes(
    int Width,
    (int Factor, int Depth)[] Levels,
    int MiddleDepth,
    int ContextWidth,
    int LabelWidth,
    bool HasLinearProjections
)
{
    /// <summary>What stands before every tensor's name.</summary>
    public const string Prefix = "model.diffusion_model.";

    private int Time => 4 * Width;

    /// <summary>Adds the tensors.</summary>
    /// <param name="list">Where they go.</param>
    public void AddTo(ShapeList list)
    {
        list.AddWithBias($"{Prefix}time_embed.0", Time, Width);
        list.AddWithBias($"{Prefix}time_embed.2", Time, Time);
        if (LabelWidth > 0)
        {
            list.AddWithBias($"{Prefix}label_emb.0.0", Time, LabelWidth);
            list.AddWithBias($"{Prefix}label_emb.0.2", Time, Time);
        }

        list.AddWithBias($"{Prefix}input_blocks.0.0", Width, 4, 3, 3);

        // The way down: two residual blocks a level, each with its transformer, and a downsampler between levels.
        var skips = new Stack<int>([Width]);
        int channels = Width;
        int block = 1;
        for (int level = 0; level < Levels.Length; level++)
        {
            for (int repeat = 0; repeat < 2; repeat++, block++)
            {
                AddBlock(list, $"{Prefix}input_blocks.{Number(block)}", channels, WidthOf(level), Levels[level].Depth);
                skips.Push(channels = WidthOf(level));
            }

            if (level < Levels.Length - 1)
            {
                list.AddWithBias($"{Prefix}input_blocks.{Number(block)}.0.op", channels, channels, 3, 3);
                skips.Push(channels);
                block++;
            }
        }

        AddResidual(list, $"{Prefix}middle_block.0", channels, channels);
        AddTransformer(list, $"{Prefix}middle_block.1", channels, MiddleDepth);
        AddResidual(list, $"{Prefix}middle_block.2", channels, channels);
        AddWayUp(list, skips, channels);
        list.AddNorm($"{Prefix}out.0", Width);
        list.AddWithBias($"{Prefix}out.2", 4, Width, 3, 3);
    }

    private int WidthOf(int level) => Levels[level].Factor * Width;

    // The way up takes the way down's outputs in, last first, so that one more block a level is needed.
    private void AddWayUp(ShapeList list, Stack<int> skips, int channels)
    {
        int block = 0;
        for (int level = Levels.Length - 1; level >= 0; level--)
        {
            for (int repeat = 0; repeat < 3; repeat++, block++)
            {
                string name = $"{Prefix}output_blocks.{Number(block)}";
                AddBlock(list, name, channels + skips.Pop(), WidthOf(level), Levels[level].Depth);
                channels = WidthOf(level);
                if (repeat == 2 && level > 0)
                {
                    list.AddWithBias($"{name}.{(Levels[level].Depth > 0 ? 2 : 1)}.conv", channels, channels, 3, 3);
                }
            }
        }
    }

    private void AddBlock(ShapeList list, string name, int inChannels, int outChannels, int depth)
    {
        AddResidual(list, $"{name}.0", inChannels, outChannels);
        if (depth > 0)
        {
            AddTransformer(list, $"{name}.1", outChannels, depth);
        }
    }

    private void AddResidual(ShapeList list, string name, int inChannels, int outChannels)
    {
        list.AddNorm($"{name}.in_layers.0", inChannels);
        list.AddWithBias($"{name}.in_layers.2", outChannels, inChannels, 3, 3);
        list.AddWithBias($"{name}.emb_layers.1", outChannels, Time);
        list.AddNorm($"{name}.out_layers.0", outChannels);
        list.AddWithBias($"{name}.out_layers.3", outChannels, outChannels, 3, 3);
        if (inChannels != outChannels)
        {
            list.AddWithBias($"{name}.skip_connection", outChannels, inChannels, 1, 1);
        }
    }

    private void AddTransformer(ShapeList list, string name, int width, int depth)
    {
        long[] projection = HasLinearProjections ? [width, width] : [width, width, 1, 1];
        list.AddNorm($"{name}.norm", width);
        list.AddWithBias($"{name}.proj_in", projection);
        for (int index = 0; index < depth; index++)
        {
            string block = $"{name}.transformer_blocks.{Number(index)}";
            AddAttention(list, $"{block}.attn1", width, width);
            AddAttention(list, $"{block}.attn2", width, ContextWidth);
            list.AddWithBias($"{block}.ff.net.0.proj", 8 * width, width);
            list.AddWithBias($"{block}.ff.net.2", width, 4 * width);
            list.AddNorm($"{block}.norm1", width);
            list.AddNorm($"{block}.norm2", width);
            list.AddNorm($"{block}.norm3", width);
        }

        list.AddWithBias($"{name}.proj_out", projection);
    }

    private static void AddAttention(ShapeList list, string name, int width, int contextWidth)
    {
        list.Add($"{name}.to_q.weight", width, width);
        list.Add($"{name}.to_k.weight", width, contextWidth);
        list.Add($"{name}.to_v.weight", width, contextWidth);
        list.AddWithBias($"{name}.to_out.0", width, width);
    }
}
