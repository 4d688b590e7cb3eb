namespace ResizeLora.Bench.Generation;

/// <summary>The matrices of a block of SDXL's U-Net in several types: the same 0.35 billion weights in each file; 4 GB in all.</summary>
internal sealed class TypeFiles
{
    private const int Q8Block = 32;
    private const float Float8Scale = 1f / 512;

    private const string Block = UNetShapes.Prefix + "input_blocks.8.";

    private readonly (string Name, long[] Shape)[] shapes;

    /// <summary>Names the files of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="divisor">What every width is divided by.</param>
    public TypeFiles(string folder, int divisor)
    {
        shapes =
        [
            .. new SdxlArchitecture(divisor).Tensors.Where(static tensor =>
                tensor.Shape.Length == 2 && tensor.Name.StartsWith(Block, StringComparison.Ordinal) && tensor.Shape[1] % Q8Block == 0
            ),
        ];
        string PathOf(string type, string extension = "safetensors") => Path.Combine(folder, $"norms-{type}.{extension}");
        (string Type, string Path, Func<string, bool> Write)[] files =
        [
            ("F32", PathOf("f32"), path => Write(path, RowFormat.Float32)),
            ("F16", PathOf("f16"), path => Write(path, RowFormat.Float16)),
            ("BF16", PathOf("bf16"), path => Write(path, RowFormat.BFloat16)),
            ("F8 (E4M3)", PathOf("f8"), path => Write(path, RowFormat.Float8)),
            ("F8 (E4M3), scaled", PathOf("f8-scaled"), WriteScaled),
            ("GGUF Q8_0", PathOf("q8_0", "gguf"), path => SyntheticGguf.Write(path, "sdxl", Tensors(RowFormat.Q8))),
        ];
        Paths = [.. files.Select(static file => (file.Type, file.Path))];
        Set = new FileSet([.. files.Select(static file => new BenchFile(file.Path, () => file.Write(file.Path)))]);
    }

    /// <summary>The types and their files.</summary>
    public IReadOnlyList<(string Type, string Path)> Paths { get; }

    /// <summary>The files.</summary>
    public FileSet Set { get; }

    /// <summary>How many weights each file has.</summary>
    public int WeightCount => shapes.Length;

    private SyntheticTensor[] Tensors(RowFormat format) => [.. SyntheticCheckpoint.Tensors(shapes, format)];

    private bool Write(string path, RowFormat format) => SyntheticFile.Write(path, Tensors(format), new Dictionary<string, string>());

    // ComfyUI's scaled files: a number for each weight, and a tensor that says so.
    private bool WriteScaled(string path)
    {
        IEnumerable<SyntheticTensor> weights = shapes.Select(static tensor => new SyntheticTensor(
            tensor.Name,
            tensor.Shape,
            RowFormat.Float8,
            () => new ScaledSource(SyntheticCheckpoint.WeightOf(tensor.Name, tensor.Shape), 1 / Float8Scale)
        ));
        IEnumerable<SyntheticTensor> scales = shapes.Select(static tensor => new SyntheticTensor(
            KohyaNames.ModuleOf(tensor.Name) + ".scale_weight",
            [],
            RowFormat.Float32,
            static () => new ConstantSource(Float8Scale)
        ));
        var mark = new SyntheticTensor("scaled_fp8", [2], RowFormat.Float8, static () => new ConstantSource(0));
        return SyntheticFile.Write(path, [.. weights, .. scales, mark], new Dictionary<string, string>());
    }
}
