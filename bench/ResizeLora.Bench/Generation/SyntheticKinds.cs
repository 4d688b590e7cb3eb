namespace ResizeLora.Bench.Generation;

/// <summary>LoHa and LoKr as LyCORIS names them.</summary>
internal static class SyntheticKinds
{
    /// <summary>Adds a LoHa.</summary>
    /// <param name="list">Where its tensors go.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="rank">The rank of each of its two products.</param>
    public static void AddLoha(TensorList list, IEnumerable<TargetLayer> layers, int rank)
    {
        foreach (TargetLayer layer in layers)
        {
            foreach (string half in (string[])["hada_w1", "hada_w2"])
            {
                string name = $"{layer.Name}.{half}";
                list.Add($"{name}_a", [layer.Rows, rank], () => new TrainedUp($"{name}_a", layer.Rows, rank, spectralNorm: 1));
                list.Add($"{name}_b", [rank, layer.Columns], () => new TrainedDown($"{name}_b", layer.Columns));
            }

            list.Add(layer.Name + LoraNames.Alpha, [], () => new ConstantSource(rank / 2f));
        }
    }

    /// <summary>Adds a LoKr.</summary>
    /// <param name="list">Where its tensors go.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="factor">The rows and columns of the first matrix, where it divides the layer's.</param>
    public static void AddLokr(TensorList list, IEnumerable<TargetLayer> layers, int factor)
    {
        foreach ((string layer, long[] shape) in layers)
        {
            long rows = shape[0] % factor == 0 ? factor : 1;
            long columns = shape[1] % factor == 0 ? factor : 1;
            var second = new TargetLayer($"{layer}.lokr_w2", [shape[0] / rows, shape[1] / columns, .. shape.Skip(2)]);
            list.Add($"{layer}.lokr_w1", [rows, columns], () => new TrainedDown($"{layer}.lokr_w1", (int)columns));
            list.Add(second.Name, second.Shape, () => new TrainedDown(second.Name, second.Columns));
            list.Add(layer + LoraNames.Alpha, [], static () => new ConstantSource(1));
        }
    }
}
