namespace ResizeLora.Tests;

/// <summary>Which tensors a layer of each kind has, and their shapes, as LyCORIS, PEFT and OneTrainer write them.</summary>
internal static class KindTensors
{
    public const string LoRA = "LoRA";
    public const string Tucker = "LoCon with a core";
    public const string LoHa = "LoHa";
    public const string LoHaTucker = "LoHa with cores";
    public const string LoKr = "LoKr, both halves whole";
    public const string LoKrSecond = "LoKr, the second half factored";
    public const string LoKrFirst = "LoKr, the first half factored";
    public const string LoKrBoth = "LoKr, both halves factored";
    public const string LoKrTucker = "LoKr with a core";
    public const string LoKrBothTucker = "LoKr, both halves factored, with a core";
    public const string DoRAOutput = "DoRA per output";
    public const string DoRAInput = "DoRA per input";
    public const string LoHaDoRA = "LoHa with magnitudes";
    public const string LoKrDoRA = "LoKr with magnitudes";
    public const string GLoRA = "GLoRA";
    public const string GLoRAOld = "GLoRA of the older layout";

    /// <summary>The kinds whose ΔW needs no base weight.</summary>
    public static IReadOnlyList<string> Own { get; } =
    [
        LoRA,
        Tucker,
        LoHa,
        LoHaTucker,
        LoKr,
        LoKrSecond,
        LoKrFirst,
        LoKrBoth,
        LoKrTucker,
        LoKrBothTucker,
        DoRAOutput,
        DoRAInput,
        LoHaDoRA,
        LoKrDoRA,
    ];

    /// <summary>Whether layers of a kind are LoKr.</summary>
    public static bool IsLoKr(string kind) => kind.StartsWith("LoKr", StringComparison.Ordinal);

    /// <summary>Whether layers of a kind have magnitudes.</summary>
    public static bool IsDoRA(string kind) => kind is DoRAOutput or DoRAInput or LoHaDoRA or LoKrDoRA;

    /// <summary>The endings and shapes of a layer's tensors, alpha left out.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="weight">The shape of the weight that the layer changes: out, in, and the kernel's sides if it has one.</param>
    /// <param name="rank">The rank.</param>
    public static IEnumerable<(string Ending, long[] Shape)> Of(string kind, long[] weight, int rank)
    {
        long[] kernel = weight[2..];
        long[] unit = [.. kernel.Select(static _ => 1L)];
        long output = weight[0];
        long input = weight[1];
        bool hasCore = kernel.Any(static side => side > 1);
        return kind switch
        {
            Tucker when hasCore =>
            [
                (".lora_down.weight", [rank, input, .. unit]),
                (".lora_mid.weight", [rank, rank, .. kernel]),
                (".lora_up.weight", [output, rank, .. unit]),
            ],
            LoHa or LoHaDoRA => [.. Hadamard(output, Product(weight[1..]), rank), .. Magnitudes(kind, weight)],
            LoHaTucker when hasCore =>
            [
                (".hada_w1_a", [rank, output]),
                (".hada_w1_b", [rank, input]),
                (".hada_t1", [rank, rank, .. kernel]),
                (".hada_w2_a", [rank, output]),
                (".hada_w2_b", [rank, input]),
                (".hada_t2", [rank, rank, .. kernel]),
            ],
            LoHaTucker => Hadamard(output, Product(weight[1..]), rank),
            _ when IsLoKr(kind) => [.. Kronecker(kind, weight, rank, hasCore), .. Magnitudes(kind, weight)],
            GLoRA =>
            [
                (".a1.weight", [input, rank, .. unit]),
                (".a2.weight", [rank, input, .. unit]),
                (".b1.weight", [output, rank, .. unit]),
                (".b2.weight", [rank, input, .. kernel]),
            ],
            GLoRAOld =>
            [
                (".a1.weight", [rank, input]),
                (".a2.weight", [input, rank]),
                (".b1.weight", [rank, input]),
                (".b2.weight", [output, rank]),
            ],
            _ => [(".lora_down.weight", [rank, .. weight[1..]]), (".lora_up.weight", [output, rank, .. unit]), .. Magnitudes(kind, weight)],
        };
    }

    private static (string Ending, long[] Shape)[] Hadamard(long output, long columns, int rank) =>
        [(".hada_w1_a", [output, rank]), (".hada_w1_b", [rank, columns]), (".hada_w2_a", [output, rank]), (".hada_w2_b", [rank, columns])];

    private static IEnumerable<(string Ending, long[] Shape)> Kronecker(string kind, long[] weight, int rank, bool hasCore)
    {
        (long firstRows, long secondRows) = Factors(weight[0]);
        (long firstColumns, long secondColumns) = Factors(weight[1]);
        if (kind is LoKrFirst or LoKrBoth or LoKrBothTucker)
        {
            yield return (".lokr_w1_a", [firstRows, rank]);
            yield return (".lokr_w1_b", [rank, firstColumns]);
        }
        else
        {
            yield return (".lokr_w1", [firstRows, firstColumns]);
        }

        if (kind is LoKr or LoKrFirst)
        {
            yield return (".lokr_w2", [secondRows, secondColumns, .. weight[2..]]);
        }
        else if (hasCore && kind is LoKrTucker or LoKrBothTucker)
        {
            yield return (".lokr_t2", [rank, rank, .. weight[2..]]);
            yield return (".lokr_w2_a", [rank, secondRows]);
            yield return (".lokr_w2_b", [rank, secondColumns]);
        }
        else
        {
            yield return (".lokr_w2_a", [secondRows, rank]);
            yield return (".lokr_w2_b", [rank, Product([secondColumns, .. weight[2..]])]);
        }
    }

    private static IEnumerable<(string Ending, long[] Shape)> Magnitudes(string kind, long[] weight)
    {
        long[] ones = [.. weight.Skip(2).Select(static _ => 1L)];
        return !IsDoRA(kind) ? []
            : kind == DoRAInput ? [(".dora_scale", [1, weight[1], .. ones])]
            : [(".dora_scale", [weight[0], 1, .. ones])];
    }

    // The largest factor up to the root comes first.
    private static (long Small, long Large) Factors(long side)
    {
        long small = (long)Math.Sqrt(side);
        while (side % small != 0)
        {
            small--;
        }

        return (small, side / small);
    }

    private static long Product(IEnumerable<long> sides) => sides.Aggregate(1L, static (product, side) => product * side);
}
