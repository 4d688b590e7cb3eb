using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.KeyLists;

/// <summary>Rows of a weight, as a share of all of them.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The end.</param>
internal readonly record struct RowShare(double From, double To);

/// <summary>The weights of a base model by role and module, and their norms in double precision.</summary>
internal sealed class PlainBase
{
    private readonly Dictionary<(string Role, string Module), ListedTensor> weights = [];
    private readonly ConcurrentDictionary<string, (double Spectral, double Frobenius)> norms = new(StringComparer.Ordinal);

    /// <summary>Adds the weights of one file.</summary>
    /// <param name="list">The file.</param>
    /// <param name="role">What it is, unless its prefixes say otherwise.</param>
    public void Add(KeyList list, string role)
    {
        foreach (ListedTensor tensor in list.Tensors.Where(static tensor => tensor.Shape.Length >= 2))
        {
            (string found, string name) = BaseRoles.Of(tensor.Name, role);
            string module = name.EndsWith(".weight", StringComparison.Ordinal) ? name[..^".weight".Length] : name;
            weights.TryAdd((found, module), tensor);
        }
    }

    /// <summary>The modules of a role.</summary>
    public IEnumerable<string> ModulesOf(string role) => weights.Keys.Where(key => key.Role == role).Select(static key => key.Module);

    /// <summary>The shape of what a mapping names, as the base has it.</summary>
    public string ShapeOf(string role, IReadOnlyList<(string Module, RowShare Rows)> pieces, bool isTransposed)
    {
        ListedTensor first = weights[(role, pieces[0].Module)];
        if (isTransposed)
        {
            return TextOf([first.Shape[1], first.Shape[0]]);
        }

        long rows = pieces.Sum(piece => RowsOf(weights[(role, piece.Module)], piece.Rows).Count);
        return TextOf([rows, .. first.Shape.Skip(1)]);
    }

    /// <summary>The norms of what a mapping names.</summary>
    public (double Spectral, double Frobenius) NormsOf(string role, IReadOnlyList<(string Module, RowShare Rows)> pieces) =>
        norms.GetOrAdd($"{role}: {string.Join(" + ", pieces)}", _ => Measure(role, pieces));

    /// <summary>A shape without a kernel of one.</summary>
    public static string TextOf(IEnumerable<long> shape)
    {
        long[] sides = [.. shape];
        return string.Join('x', sides.Skip(2).All(static side => side == 1) ? sides.Take(2) : sides);
    }

    /// <summary>σ_max and ‖W‖F.</summary>
    public static (double Spectral, double Frobenius) Measure(double[] numbers, long rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = tensor(numbers, ScalarType.Float64).reshape(rows, -1);
        Tensor gram = matrix.shape[0] <= matrix.shape[1] ? matrix.matmul(matrix.t()) : matrix.t().matmul(matrix);
        double spectral = Math.Sqrt(linalg.eigvalsh(gram).max().item<double>());
        return (spectral, Math.Sqrt(numbers.Sum(static number => number * number)));
    }

    /// <summary>What a mapping names, one piece below the other.</summary>
    public Tensor MatrixOf(string role, IReadOnlyList<(string Module, RowShare Rows)> pieces)
    {
        (double[] numbers, long rows) = NumbersOf(role, pieces);
        return tensor(numbers, ScalarType.Float64).reshape(rows, -1);
    }

    private (double Spectral, double Frobenius) Measure(string role, IReadOnlyList<(string Module, RowShare Rows)> pieces)
    {
        (double[] numbers, long rows) = NumbersOf(role, pieces);
        return Measure(numbers, rows);
    }

    private (double[] Numbers, long Rows) NumbersOf(string role, IReadOnlyList<(string Module, RowShare Rows)> pieces)
    {
        var numbers = new List<double>();
        long rows = 0;
        foreach ((string module, RowShare share) in pieces)
        {
            ListedTensor weight = weights[(role, module)];
            (int first, int count) = RowsOf(weight, share);
            int columns = weight.Count / (int)weight.Shape[0];
            numbers.AddRange(weight.Numbers().AsSpan(first * columns, count * columns));
            rows += count;
        }

        return ([.. numbers], rows);
    }

    private static (int First, int Count) RowsOf(ListedTensor weight, RowShare share)
    {
        double rows = weight.Shape[0];
        int first = (int)Math.Round(rows * share.From);
        return (first, (int)Math.Round(rows * share.To) - first);
    }
}

/// <summary>What the parts of a base model's file are, by the beginnings of names.</summary>
internal static class BaseRoles
{
    public const string Denoiser = "denoiser";
    public const string ClipL = "CLIP-L";
    public const string ClipG = "CLIP-G";
    public const string T5 = "T5";

    private static readonly (string Prefix, string? Role)[] Prefixes =
    [
        ("cond_stage_model.transformer.", ClipL),
        ("cond_stage_model.model.", ClipL),
        ("conditioner.embedders.0.transformer.", ClipL),
        ("conditioner.embedders.1.model.", ClipG),
        ("model.diffusion_model.", Denoiser),
        ("net.", Denoiser),
        ("diffusion_model.", Denoiser),
    ];

    public static (string Role, string Name) Of(string name, string role)
    {
        foreach ((string prefix, string? found) in Prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return (found!, name[prefix.Length..]);
            }
        }

        return (role, name);
    }
}
