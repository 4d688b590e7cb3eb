using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>
/// One layer of an adapter: ΔW = scale · B · A. The factors of kinds other than LoRA are computed when they are read, so that every kind is
/// a LoRA to whoever comes after.
/// </summary>
/// <param name="Name">The layer's name in its file, what stands before <c>.lora_down.weight</c> or <c>.lora_A.weight</c>.</param>
/// <param name="Down">A, shape rank × in [× kernel height × kernel width].</param>
/// <param name="Up">B, shape out × rank [× 1 × 1].</param>
/// <param name="Alpha">
/// scale · rank: the file's alpha, or the one that makes the scale which PEFT's settings say, or else the rank, as every loader takes it.
/// Of
/// a kind other than LoRA, the alpha of the LoRA that it equals.
/// </param>
public sealed record AdapterLayer(string Name, TensorEntry Down, TensorEntry Up, double Alpha)
{
    /// <summary>What the layer is, whatever spelling the file uses.</summary>
    public LayerKey Key { get; init; }

    /// <summary>What the layer's name says.</summary>
    internal LayerSpelling Spelling { get; init; } = LayerSpelling.Read(Name);

    /// <summary>The tensor of alpha, or null where the file has none.</summary>
    internal TensorEntry? AlphaTensor { get; init; }

    /// <summary>The kind of adapter.</summary>
    public AdapterKind AdapterKind { get; init; } = Down.Shape.Skip(2).Any(static side => side > 1) ? AdapterKind.LoCon : AdapterKind.LoRA;

    /// <summary>The kind that the layer is as a pair of factors, with its magnitudes.</summary>
    internal AdapterKind PairKind =>
        Magnitude is not null ? AdapterKind.DoRA
        : Kind is LayerKind.Linear or LayerKind.Convolution1x1 ? AdapterKind.LoRA
        : AdapterKind.LoCon;

    /// <summary>The tensors from which the factors are computed; null where the file has the factors.</summary>
    internal IReadOnlyList<TensorEntry>? StoredTensors { get; init; }

    /// <summary>What stands before the names of the layer's parts.</summary>
    internal string Stem { get; init; } = Name;

    /// <summary>The learned lengths of the rows or columns of W + ΔW (DoRA), or null.</summary>
    internal TensorEntry? Magnitude { get; init; }

    /// <summary>Whether the magnitudes are of the inputs, the columns.</summary>
    internal bool IsMagnitudePerInput { get; init; }

    /// <summary>Whether the layer's spectrum is another over another base weight.</summary>
    internal bool DependsOnBase => Magnitude is not null || OverBase is not null;

    /// <summary>The halves of a Kronecker product (LoKr), or null.</summary>
    internal KroneckerHalves? Kronecker { get; init; }

    /// <summary>The two products of a Hadamard product (LoHa), or null.</summary>
    internal HadamardHalves? Hadamard { get; init; }

    /// <summary>The part of B that needs the base weight (GLoRA), or null.</summary>
    internal BaseProductFactor? OverBase { get; init; }

    /// <summary>Whether the factor on the shorter side is the identity, so that the other is ΔW itself.</summary>
    internal bool IsMatrix { get; init; }

    /// <summary>The factors.</summary>
    internal FactorEntries Factors => new(Up, Down, IsMatrix);

    /// <summary>Whether B·A is the transposed change, as of PEFT's embeddings.</summary>
    internal bool IsTransposed { get; init; }

    /// <summary>What alpha is divided by, where the factors are computed: the file's rank; null where alpha has no effect.</summary>
    internal double? AlphaDivisor { get; init; }

    /// <summary>Whether the file does not say the scale, so that it is taken to be 1.</summary>
    internal bool IsScaleAssumed { get; init; }

    /// <summary>The inputs and the kernel, where the factors are flat and something else tells them; null elsewhere.</summary>
    internal IReadOnlyList<long>? KnownInputShape { get; init; }

    /// <summary>The pair of factors that the layer is a block of; null where it has factors of its own.</summary>
    internal FusedFactors? Fused { get; init; }

    /// <summary>Which block of <see cref="Fused"/> the layer is.</summary>
    internal int FusedPart { get; init; }

    /// <summary>How the weight that the layer changes stacks several projections; null where it is one.</summary>
    internal RowSplit? FusedAs { get; init; }

    /// <summary>The rank (dim): rows of A and columns of B.</summary>
    public int Rank => (int)Down.Shape[0];

    /// <summary>n, the rows of ΔW.</summary>
    public int OutFeatures => (int)Up.Shape[0];

    /// <summary>m, the columns of ΔW: in · kernel height · kernel width.</summary>
    public int InFeatures => (int)(Down.ElementCount / Down.Shape[0]);

    /// <summary>
    /// The shape of the weight that the layer changes, <c>[out, in]</c> or <c>[out, in, kernel height, kernel width]</c>. A 1×1
    /// convolution and a matrix are one and the same, and files of both spellings are about; a 1×3 and a 3×1 kernel are not.
    /// </summary>
    public IReadOnlyList<long> WeightShape => IsTransposed ? [InFeatures, OutFeatures] : WithoutUnitKernel(InputShape.Prepend(OutFeatures));

    /// <summary>The shape of a row of ΔW: the inputs, and the kernel of a convolution.</summary>
    internal IReadOnlyList<long> InputShape => KnownInputShape ?? [.. Down.Shape.Skip(1)];

    /// <summary>Whether another layer changes a weight of the same shape; flat factors of a convolution do not tell its kernel.</summary>
    /// <param name="other">The other layer.</param>
    internal bool HasWeightShapeOf(AdapterLayer other) =>
        IsTransposed == other.IsTransposed && (WeightShape.SequenceEqual(other.WeightShape) || IsShapeOfFlat(other));

    private bool IsShapeOfFlat(AdapterLayer other) =>
        (IsFlat || other.IsFlat) && OutFeatures == other.OutFeatures && InFeatures == other.InFeatures;

    /// <summary>Whether only the number of inputs times places is known: LoHa and LoKr store the factors of a convolution so.</summary>
    internal bool IsFlat => StoredTensors is not null && InputShape.Count == 1;

    /// <summary>alpha / rank, the factor of B·A in ΔW; zero or negative values are ordinary.</summary>
    public double Scale => Alpha / Rank;

    /// <summary>What the layer computes.</summary>
    public LayerKind Kind =>
        InputShape switch
        {
            [_] => LayerKind.Linear,
            [_, 1, 1] => LayerKind.Convolution1x1,
            [_, 3, 3] => LayerKind.Convolution3x3,
            _ => LayerKind.Convolution,
        };

    /// <summary>The part of the model that the layer changes.</summary>
    public Component Component => Key.Component;

    /// <summary>The block of the component, such as <c>input_blocks.4</c>; empty when the name tells none.</summary>
    public string Block => BlockName.Of(Spelling.Module);

    /// <summary>
    /// Whether alpha stays what it is in proportion to the rank: every reader of kohya's suffixes reads alpha, and not every one of
    /// <c>lora_A</c> and <c>lora_B</c>.
    /// </summary>
    internal bool KeepsAlpha => AlphaTensor is not null && UpName.EndsWith(".lora_up.weight", StringComparison.Ordinal);

    /// <summary>The name of A in a file that has the layer as a pair of factors.</summary>
    internal string DownName => StoredTensors is null ? Down.Name : NameOf("lora_down", "lora_A");

    /// <summary>The name of B in such a file.</summary>
    internal string UpName => StoredTensors is null ? Up.Name : NameOf("lora_up", "lora_B");

    /// <summary>Whether the layer has PEFT's names, whose settings are of one kind for all layers.</summary>
    internal bool IsOfPeft => Spelling.Dialect == AdapterDialect.Peft;

    /// <summary>Whether the layer is two factors of the file and nothing else.</summary>
    internal bool IsPlainPair => StoredTensors is null && Magnitude is null;

    /// <summary>The tensors of the file that the layer consists of.</summary>
    internal IEnumerable<TensorEntry> Tensors => StoredTensors ?? [.. new[] { AlphaTensor, Magnitude }.OfType<TensorEntry>(), Down, Up];

    /// <summary>What is read to decompose the layer: the factors, or those of the halves of a product.</summary>
    internal IEnumerable<TensorEntry> FactorTensors =>
        OverBase is not null ? StoredTensors!.Where(tensor => tensor != AlphaTensor)
        : Kronecker is { } halves ? [halves.First.Up, halves.First.Down, halves.Second.Up, halves.Second.Down]
        : Hadamard is { } products ? [products.First.Up, products.First.Down, products.Second.Up, products.Second.Down]
        : [Down, Up];

    /// <summary>Makes a layer of factors.</summary>
    /// <param name="parts">The layer's tensors.</param>
    /// <param name="down">A.</param>
    /// <param name="up">B.</param>
    /// <param name="alpha">scale · rank.</param>
    /// <param name="isScaleAssumed">Whether the file does not say the scale.</param>
    internal static AdapterLayer Of(LayerParts parts, TensorEntry down, TensorEntry up, double alpha, bool isScaleAssumed) =>
        new(parts.Name, down, up, alpha)
        {
            Spelling = parts.Spelling,
            Stem = parts.Stem,
            AlphaTensor = parts.Alpha,
            IsScaleAssumed = isScaleAssumed,
        };

    /// <summary>Whether another layer has the same types, shapes and alpha; what its factors hold is not looked at.</summary>
    /// <param name="other">The other layer.</param>
    internal bool HasFormOf(AdapterLayer other) =>
        Alpha.Equals(other.Alpha)
        && AdapterKind == other.AdapterKind
        && Down.Type == other.Down.Type
        && Up.Type == other.Up.Type
        && Down.Shape.SequenceEqual(other.Down.Shape)
        && Up.Shape.SequenceEqual(other.Up.Shape);

    // A tucker LoCon has the names already. Trainers that write dotted names write PEFT's suffixes.
    private string NameOf(string kohya, string peft) =>
        StoredTensors!.FirstOrDefault(tensor => tensor.Name == $"{Stem}.{kohya}.weight")?.Name
        ?? (
            Spelling.Dialect is AdapterDialect.BaseModel or AdapterDialect.Diffusers or AdapterDialect.Peft
                ? $"{Stem}.{peft}.weight"
                : $"{Stem}.{kohya}.weight"
        );

    /// <summary>A weight's shape without the kernel of a 1×1 convolution.</summary>
    /// <param name="shape">The shape, rows first.</param>
    internal static IReadOnlyList<long> WithoutUnitKernel(IEnumerable<long> shape)
    {
        long[] dimensions = shape.ToArray();
        return dimensions.Skip(2).All(static side => side == 1) ? dimensions.Take(2).ToArray() : dimensions;
    }

    /// <summary>A shape as people write it.</summary>
    /// <param name="shape">The shape.</param>
    internal static string TextOf(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
