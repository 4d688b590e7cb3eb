using System.Globalization;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Checkpoints;

/// <summary>Norms are kept between runs, and used only for the same content and the same method.</summary>
public sealed class NormCacheTests : IDisposable
{
    private const int LayerCount = 6;

    private static readonly string[] Layers = Enumerable.Range(0, LayerCount).Select(LayerOf).ToArray();

    private readonly TemporaryFolder folder = new();
    private readonly string basePath;

    public NormCacheTests()
    {
        basePath = WriteBase("base.safetensors", side: 24);
    }

    /// <summary>What may have become of a cache file, given its text.</summary>
    public static TheoryData<string, Func<string, string>> Damages =>
        new()
        {
            { "nothing left", static _ => string.Empty },
            { "truncated in the middle", static text => text[..(text.Length / 2)] },
            { "truncated by one character", static text => text[..^1] },
            { "no JSON", static _ => "norms: none\n" },
            { "other JSON", static _ => "[1,2,3]" },
            { "null", static _ => "null" },
            { "another version's method", static text => text.Replace(NormCache.Method, "lanczos-2", StringComparison.Ordinal) },
            { "no method", static text => text.Replace("\"method\"", "\"methods\"", StringComparison.Ordinal) },
            { "a norm that is text", static text => ReplaceFirstNumber(text, "\"1.0\"") },
            { "a negative norm", static text => ReplaceFirstNumber(text, "-1") },
            { "an endless norm", static text => ReplaceFirstNumber(text, "1e999") },
            { "a norm changed by hand", static text => ReplaceFirstNumber(text, "1.25") },
            { "a layer without a norm", static text => text[..text.IndexOf(":{\"content\"", StringComparison.Ordinal)] + ":null}}" },
        };

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Norms_are_the_same_to_the_bit_for_any_number_of_threads_and_any_order(int threads)
    {
        IReadOnlyDictionary<string, BaseNorms> expected = Measure(basePath, "one").Norms;
        (IReadOnlyDictionary<string, BaseNorms> norms, int computed, _) = Measure(basePath, "several", threads, Layers.Reverse());
        Assert.Equal(LayerCount, computed);
        Assert.Equal(expected.OrderBy(static pair => pair.Key), norms.OrderBy(static pair => pair.Key));
    }

    [Fact]
    public void Norms_that_were_computed_once_are_not_computed_again()
    {
        (IReadOnlyDictionary<string, BaseNorms> first, int computed, EventLog log) = Measure(basePath);
        Assert.Equal(LayerCount, computed);
        Assert.Equal(LayerCount, log.Progress.Count());
        (IReadOnlyDictionary<string, BaseNorms> second, int again, _) = Measure(basePath);
        Assert.Equal(0, again);
        Assert.Equal(first, second);
    }

    [Fact]
    public void Only_the_layers_that_are_asked_for_are_measured_and_the_others_later()
    {
        Assert.Equal(2, Measure(basePath, layers: Layers[..2].Append("lora_unet_unheard_of").Append(Layers[0])).Computed);
        Assert.Equal(LayerCount - 2, Measure(basePath).Computed);
        Assert.Equal(0, Measure(basePath).Computed);
    }

    [Fact]
    public void A_copy_and_a_renamed_file_are_known()
    {
        Measure(basePath);
        string copy = folder.PathOf("copy.safetensors");
        File.Copy(basePath, copy);
        Assert.Equal(0, Measure(copy).Computed);
        File.SetLastWriteTimeUtc(copy, DateTime.UtcNow.AddDays(-3));
        Assert.Equal(0, Measure(copy).Computed);
        string renamed = folder.PathOf("renamed.safetensors");
        File.Move(copy, renamed);
        Assert.Equal(0, Measure(renamed).Computed);
    }

    [Theory]
    [InlineData(24, false)]
    [InlineData(24, true)]
    [InlineData(640, false)]
    [InlineData(640, true)]
    public void A_checkpoint_that_was_changed_in_one_byte_is_measured_again(int side, bool timePutBack)
    {
        string path = WriteBase("changing.safetensors", side);
        DateTime time = File.GetLastWriteTimeUtc(path);
        Measure(path);
        var random = new Random(7);
        long length = new FileInfo(path).Length;
        for (int change = 0; change < 6; change++)
        {
            FlipByte(path, random.NextInt64(length - ((long)LayerCount * side * side * 2), length));
            File.SetLastWriteTimeUtc(path, timePutBack ? time : time.AddSeconds(change + 1));
            Assert.Equal(1, Measure(path).Computed);
        }
    }

    [Fact]
    public void A_large_checkpoint_is_looked_at_in_samples_and_one_that_was_written_to_is_measured_again()
    {
        string path = WriteLarge();
        Assert.Equal(1, Measure(path).Computed);
        Assert.Equal(0, Measure(path).Computed);
        DateTime time = File.GetLastWriteTimeUtc(path);
        foreach (long position in new[] { 50_000_001, 80_070_003 })
        {
            FlipByte(path, position);
            time = time.AddSeconds(1);
            File.SetLastWriteTimeUtc(path, time);
            Assert.Equal(1, Measure(path).Computed);
        }
    }

    [UnixFact]
    public void A_byte_between_the_samples_is_noticed_though_the_time_of_the_write_was_put_back()
    {
        // The same large file of zeros; the first run is long past when the second one comes, as far as the stamp tells.
        string path = WriteLarge();
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-2));
        Thread.Sleep(2100);
        Measure(path);
        (_, int computed, EventLog log) = Measure(path);
        Assert.Equal(0, computed);
        Assert.DoesNotContain(log.Verbose, static line => line.Contains("found by their content", StringComparison.Ordinal));
        DateTime time = File.GetLastWriteTimeUtc(path);
        FlipByte(path, 50_000_001);
        File.SetLastWriteTimeUtc(path, time);
        Assert.Equal(1, Measure(path).Computed);
    }

    [Fact]
    public void A_large_checkpoint_that_was_changed_this_moment_is_compared_by_its_content()
    {
        string path = WriteLarge();
        Assert.Equal(1, Measure(path).Computed);
        (_, int computed, EventLog log) = Measure(path);
        Assert.Equal(0, computed);
        Assert.Contains(log.Verbose, static line => line.Contains("found by their content", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_a_checkpoint_that_was_seen_at_many_places_the_newest_files_are_kept()
    {
        for (int copy = 0; copy < 12; copy++)
        {
            string path = WriteBase("base.safetensors", side: 24);
            FlipByte(path, new FileInfo(path).Length - 1 - copy);
            Measure(path);
        }

        Assert.Equal(8, Directory.GetFiles(folder.PathOf("cache")).Length);
        Assert.Equal(0, Measure(basePath).Computed);
    }

    [Fact]
    public void What_a_killed_run_left_in_the_cache_is_removed_when_it_is_old()
    {
        Directory.CreateDirectory(folder.PathOf("cache"));
        string old = folder.PathOf("cache/0123456789abcdef0123456789abcdef.tmp");
        string recent = folder.PathOf("cache/fedcba9876543210fedcba9876543210.tmp");
        File.WriteAllText(old, "{");
        File.WriteAllText(recent, "{");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-1));
        string elsewhere = folder.PathOf($"cache/{TemporaryFile.NameOf("other_00000000", 1, DateTime.UtcNow)}");
        File.WriteAllText(elsewhere, "{");
        Measure(basePath);
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(recent));
        Assert.True(File.Exists(elsewhere));
    }

    [Fact]
    public void What_a_killed_run_left_in_the_cache_is_removed_also_when_all_norms_are_known()
    {
        Measure(basePath);
        string left = folder.PathOf($"cache/{TemporaryFile.NameOf(TemporaryFile.Machine, int.MaxValue, DateTime.UtcNow)}");
        File.WriteAllText(left, "{");
        Measure(basePath);
        Assert.False(File.Exists(left));
    }

    [TmpfsFact]
    public void A_read_only_cache_folder_serves_what_it_has_and_costs_one_warning()
    {
        using var mount = new Tmpfs(4 << 20);
        Measure(basePath, mount.Path, layers: Layers[..3]);
        mount.MakeReadOnly();
        using Checkpoint checkpoint = Checkpoint.Open(basePath);
        var operators = new CountingOperatorFactory();
        var provider = new BaseNormProvider(checkpoint, new NormCache(mount.Path), operators, 2);
        var log = new EventLog();
        provider.GetNorms(WeightsOf(checkpoint, Layers[..4]), log, CancellationToken.None);
        IReadOnlyDictionary<string, BaseNorms> norms = provider.GetNorms(WeightsOf(checkpoint, Layers), log, CancellationToken.None);
        Assert.Equal(LayerCount - 3, operators.Count);
        Assert.Equal(Measure(basePath).Norms.OrderBy(static pair => pair.Key), norms.OrderBy(static pair => pair.Key));
        Assert.Contains(mount.Path, Assert.Single(log.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_cache_is_ignored_with_a_verbose_line_and_built_again(string damage, Func<string, string> apply)
    {
        IReadOnlyDictionary<string, BaseNorms> expected = Measure(basePath).Norms;
        string cached = Assert.Single(Directory.GetFiles(folder.PathOf("cache")));
        string text = File.ReadAllText(cached);
        File.WriteAllText(cached, apply(text));
        Assert.NotEqual(text, File.ReadAllText(cached));

        (IReadOnlyDictionary<string, BaseNorms> norms, int computed, EventLog log) = Measure(basePath);
        Assert.Equal((damage, LayerCount), (damage, computed));
        Assert.Equal(expected.OrderBy(static pair => pair.Key), norms.OrderBy(static pair => pair.Key));
        Assert.Contains(
            log.Verbose,
            line => line.Contains(cached, StringComparison.Ordinal) && line.Contains("ignored", StringComparison.Ordinal)
        );
        Assert.Empty(log.Warnings);
        Assert.Equal(text, File.ReadAllText(cached));
    }

    [Fact]
    public void A_cache_folder_that_cannot_be_made_costs_one_warning_and_nothing_else()
    {
        IReadOnlyDictionary<string, BaseNorms> expected = Measure(basePath).Norms;
        string impossible = folder.PathOf("file");
        File.WriteAllText(impossible, string.Empty);
        using Checkpoint checkpoint = Checkpoint.Open(basePath);
        var provider = new BaseNormProvider(checkpoint, new NormCache(Path.Combine(impossible, "cache")), new GramOperatorFactory(), 2);
        var log = new EventLog();
        provider.GetNorms(WeightsOf(checkpoint, Layers[..3]), log, CancellationToken.None);
        IReadOnlyDictionary<string, BaseNorms> norms = provider.GetNorms(WeightsOf(checkpoint, Layers), log, CancellationToken.None);
        Assert.Equal(expected.OrderBy(static pair => pair.Key), norms.OrderBy(static pair => pair.Key));
        Assert.Contains(impossible, Assert.Single(log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_norm_that_did_not_become_accurate_is_used_with_a_warning_and_computed_again()
    {
        string path = WriteBase("base.safetensors", side: 200);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        var cache = new NormCache(folder.PathOf("early"));
        BaseNormProvider GiveUpEarly() => new(checkpoint, cache, new GramOperatorFactory(), threads: 2) { MaximumSteps = 5 };
        for (int run = 0; run < 2; run++)
        {
            var log = new EventLog();
            IReadOnlyDictionary<string, BaseNorms> estimates = GiveUpEarly()
                .GetNorms(WeightsOf(checkpoint, Layers), log, CancellationToken.None);
            Assert.Equal(LayerCount, estimates.Count);
            Assert.All(estimates.Values, static norms => Assert.True(norms.Spectral > 0));
            string warning = Assert.Single(log.Warnings);
            Assert.Contains($"{TensorOf(0)}, {TensorOf(1)}, {TensorOf(2)} and 3 more", warning, StringComparison.Ordinal);
            Assert.Equal(LayerCount, log.Progress.Count());
        }

        (IReadOnlyDictionary<string, BaseNorms> norms, int computed, EventLog later) = Measure(path, "early");
        Assert.Equal(LayerCount, computed);
        Assert.Equal(Measure(path, "other").Norms.OrderBy(static pair => pair.Key), norms.OrderBy(static pair => pair.Key));
        Assert.Empty(later.Warnings);
    }

    [Fact]
    public void Eight_tasks_share_one_cold_cache()
    {
        string path = WriteBase("shared.safetensors", side: 200);
        IReadOnlyDictionary<string, BaseNorms> expected = Measure(path, "alone").Norms;
        var results = new (IReadOnlyDictionary<string, BaseNorms> Norms, int Computed, EventLog Log)[8];
        Thread[] threads = Enumerable
            .Range(0, results.Length)
            .Select(index => new Thread(() => results[index] = Measure(path, "shared", threads: 1, Layers.Skip(index % 3))))
            .ToArray();
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.All(
            results,
            result =>
            {
                Assert.All(result.Norms, norm => Assert.Equal(expected[norm.Key], norm.Value));
                Assert.Empty(result.Log.Warnings);
            }
        );
        Assert.Single(Directory.GetFiles(folder.PathOf("shared")));
        (IReadOnlyDictionary<string, BaseNorms> norms, _, EventLog log) = Measure(path, "shared");
        Assert.Equal(expected.OrderBy(static pair => pair.Key), norms.OrderBy(static pair => pair.Key));
        Assert.DoesNotContain(log.Verbose, static line => line.Contains("ignored", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_cancelled_run_has_measured_is_kept()
    {
        using var cancellation = new CancellationTokenSource();
        var log = new EventLog { OnReport = _ => cancellation.Cancel() };
        using (Checkpoint checkpoint = Checkpoint.Open(basePath))
        {
            var provider = new BaseNormProvider(checkpoint, new NormCache(folder.PathOf("cache")), new GramOperatorFactory(), 1);
            Assert.ThrowsAny<OperationCanceledException>(() => provider.GetNorms(WeightsOf(checkpoint, Layers), log, cancellation.Token));
        }

        Assert.InRange(Measure(basePath).Computed, 1, LayerCount - 1);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_base_weight_that_is_not_finite_is_an_error_that_names_it_and_is_not_kept(double value)
    {
        string path = SampleFiles.Write(
            folder.PathOf("broken.safetensors"),
            [SampleTensor.Of(TensorOf(0), TensorType.Float16, [2, 2], [1, value, 0, 0])]
        );
        for (int run = 0; run < 2; run++)
        {
            CheckpointException exception = Assert.Throws<CheckpointException>(() => Measure(path));
            Assert.Equal("NotFinite", exception.Defect);
            Assert.Contains(path, exception.Message, StringComparison.Ordinal);
            Assert.Contains(TensorOf(0), exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_cache_is_the_same_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("de-DE");
        try
        {
            Measure(basePath, threads: 1);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        Assert.Equal(0, Measure(basePath).Computed);
    }

    private static IEnumerable<BaseWeight> WeightsOf(Checkpoint checkpoint, IEnumerable<string> layers) =>
        layers.Select(checkpoint.Find).OfType<BaseWeight>();

    private static string LayerOf(int index) => string.Create(CultureInfo.InvariantCulture, $"lora_unet_input_blocks_{index}_0_proj_in");

    private static string TensorOf(int index) =>
        string.Create(CultureInfo.InvariantCulture, $"model.diffusion_model.input_blocks.{index}.0.proj_in.weight");

    private static string ReplaceFirstNumber(string text, string number)
    {
        int start = text.IndexOf("\"spectral\":", StringComparison.Ordinal) + "\"spectral\":".Length;
        return text[..start] + number + text[text.IndexOf(',', start)..];
    }

    private static void FlipByte(string path, long position)
    {
        using FileStream stream = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = position;
        int value = stream.ReadByte();
        stream.Position = position;
        stream.WriteByte((byte)(value ^ 1));
    }

    // 96 MiB of zeros that take no room on the disk.
    private string WriteLarge()
    {
        const int Side = 7096;
        string path = folder.PathOf("large.safetensors");
        File.WriteAllBytes(
            path,
            SampleFiles.Raw(
                FormattableString.Invariant(
                    $"{{\"{TensorOf(0)}\":{{\"dtype\":\"F16\",\"shape\":[{Side},{Side}],\"data_offsets\":[0,{2L * Side * Side}]}}}}"
                )
            )
        );
        using FileStream stream = File.Open(path, FileMode.Open);
        stream.SetLength(stream.Length + (2L * Side * Side));
        return path;
    }

    private string WriteBase(string name, int side)
    {
        var gaussian = new Gaussian(side);
        return SampleFiles.Write(
            folder.PathOf(name),
            Enumerable
                .Range(0, LayerCount)
                .Select(index => SampleTensor.Of(TensorOf(index), TensorType.Float16, [side, side], gaussian.Numbers(side * side)))
        );
    }

    private (IReadOnlyDictionary<string, BaseNorms> Norms, int Computed, EventLog Log) Measure(
        string path,
        string cache = "cache",
        int threads = 2,
        IEnumerable<string>? layers = null
    )
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        var operators = new CountingOperatorFactory();
        var log = new EventLog();
        var provider = new BaseNormProvider(checkpoint, new NormCache(folder.PathOf(cache)), operators, threads);
        return (provider.GetNorms(WeightsOf(checkpoint, layers ?? Layers), log, CancellationToken.None), operators.Count, log);
    }
}
