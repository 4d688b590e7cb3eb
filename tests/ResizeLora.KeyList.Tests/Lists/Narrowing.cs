namespace ResizeLora.KeyLists;

/// <summary>Makes the tensors of a list narrow: widths are divided, ranks are cut down to a few.</summary>
internal static class Narrowing
{
    private const int Divisor = 64;

    /// <summary>Narrows all tensors of a list, those of one layer in step with one another.</summary>
    /// <param name="tensors">The tensors in full width.</param>
    public static List<ListedTensor> Apply(IReadOnlyCollection<ListedTensor> tensors)
    {
        Dictionary<string, ListedTensor> byName = tensors.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        return [.. tensors.Select(tensor => tensor with { Shape = ShapeOf(tensor, byName) })];
    }

    private static long[] ShapeOf(ListedTensor tensor, Dictionary<string, ListedTensor> all)
    {
        if (PlainNames.Read(tensor.Name) is not var (layer, part))
        {
            return [.. tensor.Shape.Select(Width)];
        }

        bool Has(string other) => all.ContainsKey($"{layer}.{other}");
        int[] ranks = RanksOf(part, Has);
        if (part.StartsWith("lokr_", StringComparison.Ordinal))
        {
            long Side(long side, int place) =>
                ranks.Contains(place) ? Rank(side)
                : place < 2 ? KroneckerSide(side)
                : side;
            return [.. tensor.Shape.Select(Side)];
        }

        // The magnitudes of a LoKr are as many as its rows.
        bool IsOfLayer(string name) => name.StartsWith($"{layer}.lokr_w", StringComparison.Ordinal);
        bool hasRank = tensor.Shape.Length > 1;
        long[] shape = [.. tensor.Shape.Select((side, place) => hasRank && ranks.Contains(place) ? Rank(side) : Width(side))];
        if (part == PlainParts.Magnitude && all.Keys.Any(IsOfLayer))
        {
            shape[0] = Rows("lokr_w1") * Rows("lokr_w2");
        }

        return shape;

        long Rows(string half)
        {
            bool isWhole = Has(half);
            long[] full = all[isWhole ? $"{layer}.{half}" : $"{layer}.{half}_a"].Shape;
            return KroneckerSide(!isWhole && half == "lokr_w2" && Has("lokr_t2") ? full[1] : full[0]);
        }
    }

    private static int[] RanksOf(string part, Func<string, bool> has) =>
        part switch
        {
            PlainParts.Down or "lora_embedding_A" or "hada_w1_b" or "hada_w2_b" or "lokr_w1_b" or "lokr_w2_b" or "a2" or "b2" => [0],
            PlainParts.Up or "lora_embedding_B" or "lokr_w1_a" or "a1" or "b1" => [1],
            "lora_mid" or "hada_t1" or "hada_t2" or "lokr_t2" => [0, 1],
            "hada_w1_a" or "hada_w2_a" => [has("hada_t1") ? 0 : 1],
            "lokr_w2_a" => [has("lokr_t2") ? 0 : 1],
            _ => [],
        };

    private static long Width(long side) => side >= 2 * Divisor && side % Divisor == 0 ? side / Divisor : side;

    private static long Rank(long side) =>
        side switch
        {
            <= 3 => side,
            <= 4 => 3,
            <= 16 => 4,
            _ => 6,
        };

    // Products of them are the layer's sides, which no base model has to fit.
    private static long KroneckerSide(long side) =>
        side switch
        {
            <= 4 => side,
            <= 16 => 3,
            _ => Math.Max(2, side / 32),
        };
}
