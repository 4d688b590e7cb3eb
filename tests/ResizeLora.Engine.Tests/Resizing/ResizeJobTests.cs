using ResizeLora.Adapters;
using ResizeLora.Architectures;
using ResizeLora.Checkpoints;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Resizing;
using ResizeLora.Spectra;

namespace ResizeLora.Tests.Resizing;

/// <summary>A job from beginning to end: adopted layers, changed files, misfits, cancellation.</summary>
public sealed class ResizeJobTests
{
    [Fact]
    public void Layers_that_were_decomposed_before_are_written_like_fresh_ones_and_those_left_out_are_left_out()
    {
        using var scene = new ResizeScene();
        LayerSpectrum[] chosen = [.. scene.Job.Layers.Where(layer => layer.Component != Component.UNet).Reverse()];
        using var job = ResizeJob.Adopt(scene.Session, scene.OpenInput(), [.. chosen, chosen[0]], null, CancellationToken.None);
        Assert.Equal([ResizeScene.TextEncoder1, ResizeScene.Query, ResizeScene.Key], job.Layers.Select(layer => layer.Layer));
        job.Write(
            job.Plan(ResizeRecipe.Parse("spn_ckpt,thr=-inf"), TensorType.Float32, OutputKind.Smallest, null, CancellationToken.None),
            scene.PathOf("part.safetensors"),
            overwrite: false,
            null,
            CancellationToken.None
        );
        (_, Adapter whole) = scene.Resize("spn_ckpt,thr=-inf", TensorType.Float32);
        using var part = Adapter.Open(scene.PathOf("part.safetensors"));
        using (whole)
        {
            // Of three layers one has no alpha.
            Assert.Equal(8, part.File.Header.Tensors.Count);
            Assert.All(
                part.File.Header.Tensors,
                tensor => Assert.Equal(whole.File.Read(whole.File.Find(tensor.Name)!), part.File.Read(tensor))
            );
        }
    }

    [Fact]
    public void Adopted_layers_are_measured_against_the_sessions_base()
    {
        using var without = new ResizeScene(withBase: false);
        using var with = new ResizeScene();
        File.Copy(without.LoraPath, with.PathOf("same.safetensors"));
        Assert.All(without.Job.Layers, layer => Assert.Null(layer.BaseSpectralNorm));
        using var job = ResizeJob.Adopt(with.Session, Adapter.Open(without.LoraPath), without.Job.Layers, null, CancellationToken.None);
        Assert.Equal(with.Job.Layers.Select(layer => layer.BaseSpectralNorm), job.Layers.Select(layer => layer.BaseSpectralNorm));
        Assert.All(job.Layers, layer => Assert.Equal(with.BasePath, layer.CheckpointPath));
    }

    [Fact]
    public void Norms_that_layers_bring_along_serve_a_session_without_base()
    {
        using var scene = new ResizeScene();
        using var session = new ResizeSession("cpu", checkpointPath: null, new NormCache(scene.PathOf("cache")));
        using var job = ResizeJob.Adopt(session, scene.OpenInput(), scene.Job.Layers, null, CancellationToken.None);
        ResizePlan plan = job.Plan(
            ResizeRecipe.Parse("spn_ckpt,thr=-1.2"),
            TensorType.Float16,
            OutputKind.Smallest,
            null,
            CancellationToken.None
        );
        Assert.Equal(scene.Plan("spn_ckpt,thr=-1.2").Layers.Select(layer => layer.Kept), plan.Layers.Select(layer => layer.Kept));
        Assert.Throws<CheckpointException>(() =>
            job.Plan(ResizeRecipe.Parse("subspace,thr=0"), TensorType.Float16, OutputKind.Smallest, null, CancellationToken.None)
        );
    }

    [Fact]
    public void A_file_that_was_changed_after_it_was_decomposed_is_refused()
    {
        using var scene = new ResizeScene(withBase: false);
        IReadOnlyList<LayerSpectrum> layers = scene.Job.Layers;
        scene.Job.Dispose();
        ChangeOneByte(scene.LoraPath, ResizeScene.Linear + SampleLora.UpSuffix, keepTime: false);
        AdapterException exception = Assert.Throws<AdapterException>(() =>
            ResizeJob.Adopt(scene.Session, scene.OpenInput(), layers, null, CancellationToken.None)
        );
        Assert.Equal(("Stale", scene.LoraPath, ResizeScene.Linear), (exception.Defect, exception.Path, exception.Layer));
        using FileStream closed = File.Open(scene.LoraPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Theory]
    [InlineData(ResizeScene.Linear + SampleLora.UpSuffix)]
    [InlineData(ResizeScene.TextEncoder1 + SampleLora.DownSuffix)]
    [InlineData(ResizeScene.Key + SampleLora.DownSuffix)]
    [InlineData(ResizeScene.Linear + SampleLora.AlphaSuffix)]
    [InlineData("emb")]
    public void A_file_that_was_replaced_and_kept_its_time_is_refused_and_nothing_is_left(string tensor)
    {
        SampleLora lora = ResizeScene.UsualLora().Tensor(SampleTensor.Of("emb", TensorType.Float32, [4], [1, 2, 3, 4]));
        using var scene = new ResizeScene(lora, withBase: false);
        IReadOnlyList<LayerSpectrum> layers = scene.Job.Layers;
        scene.Job.Dispose();
        ChangeOneByte(scene.LoraPath, tensor, keepTime: true);
        AdapterException exception = Assert.Throws<AdapterException>(() => AdoptAndWrite(scene, layers));
        Assert.Equal(("LayerStale", scene.LoraPath), (exception.ErrorId, exception.Path));
        Assert.Equal([scene.LoraPath], Directory.GetFiles(scene.OutputFolder));
    }

    [Fact]
    public void A_file_of_another_time_but_the_same_content_is_the_same_file()
    {
        using var scene = new ResizeScene(withBase: false);
        IReadOnlyList<LayerSpectrum> layers = scene.Job.Layers;
        scene.Job.Dispose();
        File.SetLastWriteTimeUtc(scene.LoraPath, DateTime.UtcNow.AddDays(-3));
        AdoptAndWrite(scene, layers);
        Assert.True(File.Exists(scene.PathOf("output.safetensors")));
    }

    [UnixFact]
    public void A_file_that_is_written_to_between_its_decomposition_and_its_output_is_refused_and_nothing_is_left()
    {
        using var scene = new ResizeScene();
        ResizePlan plan = scene.Plan("spn_ckpt,thr=-1.2");
        byte[] other = File.ReadAllBytes(scene.LoraPath);
        other[^1] ^= 1;
        using (var stream = new FileStream(scene.LoraPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            Thread.Sleep(20);
            stream.Write(other);
        }

        AdapterException exception = Assert.Throws<AdapterException>(() =>
            scene.Job.Write(plan, scene.PathOf("output.safetensors"), overwrite: false, null, CancellationToken.None)
        );
        Assert.Equal(("LayerStale", scene.LoraPath), (exception.ErrorId, exception.Path));
        Assert.Equal([scene.BasePath!, scene.LoraPath], Directory.GetFiles(scene.OutputFolder).Order(StringComparer.Ordinal));
    }

    [UnixFact]
    public void A_checkpoint_that_is_written_to_while_it_is_read_is_an_error()
    {
        using var scene = new ResizeScene();
        using (var stream = new FileStream(scene.BasePath!, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            Thread.Sleep(20);
            stream.WriteByte(0xFF);
        }

        CheckpointException exception = Assert.Throws<CheckpointException>(() =>
            ResizeJob.Decompose(scene.Session, scene.OpenInput(), null, CancellationToken.None)
        );
        Assert.Equal(("CheckpointChanged", scene.BasePath), (exception.ErrorId, exception.Path));
    }

    [Fact]
    public void A_LoRA_of_which_no_layer_fits_the_base_is_an_error_that_names_both()
    {
        using var scene = new ResizeScene();
        string path = new SampleLora().Layer(ResizeScene.Linear, 41, 32, 2).Write(scene.PathOf("misfit.safetensors"));
        using var job = ResizeJob.Decompose(scene.Session, Adapter.Open(path), scene.Log, CancellationToken.None);
        Assert.Contains(scene.BasePath!, Assert.Single(scene.Log.Warnings), StringComparison.Ordinal);
        CheckpointException exception = Assert.Throws<CheckpointException>(() =>
            job.Plan(ResizeRecipe.Parse("spn_ckpt,thr=-1.2"), TensorType.Float16, OutputKind.Smallest, null, CancellationToken.None)
        );
        Assert.Equal(("CheckpointMismatch", path), (exception.ErrorId, exception.Path));
        Assert.Contains($"'{scene.BasePath}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"'{ResizeScene.Linear}'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_bad_layer_among_many_is_the_error_and_the_file_is_closed()
    {
        using var scene = new ResizeScene();
        string path = ResizeScene.UsualLora().Layer("bad", [1, double.NaN], [2, 1], [1, 1], [1, 2]).Write(scene.PathOf("bad.safetensors"));
        AdapterException exception = Assert.Throws<AdapterException>(() =>
            ResizeJob.Decompose(scene.Session, Adapter.Open(path), null, CancellationToken.None)
        );
        Assert.Equal("bad", exception.Layer);
        using FileStream closed = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Fact]
    public void Cancelled_while_it_writes_it_leaves_no_file_and_no_temporary_one()
    {
        using var scene = new ResizeScene();
        ResizePlan plan = scene.Plan("spn_ckpt,thr=-inf");
        for (int after = 1; after <= plan.Measurement.LayersKept; after++)
        {
            using var cancellation = new CancellationTokenSource();
            int reports = 0;
            var log = new EventLog { OnReport = _ => CancelAt(++reports, after, cancellation) };
            Assert.ThrowsAny<OperationCanceledException>(() =>
                scene.Job.Write(plan, scene.PathOf("output.safetensors"), overwrite: true, log, cancellation.Token)
            );
            Assert.Equal([scene.BasePath!, scene.LoraPath], Directory.GetFiles(scene.OutputFolder).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Cancelled_while_it_decomposes_it_closes_the_file()
    {
        var lora = new SampleLora();
        for (int index = 0; index < 100; index++)
        {
            lora.Layer(FormattableString.Invariant($"layer_{index}"), 8, 6, 2);
        }

        using var scene = new ResizeScene(lora, withBase: false);
        scene.Job.Dispose();
        using var cancellation = new CancellationTokenSource();
        var log = new EventLog { OnReport = _ => cancellation.Cancel() };
        Assert.ThrowsAny<OperationCanceledException>(() => ResizeJob.Decompose(scene.Session, scene.OpenInput(), log, cancellation.Token));
        Assert.InRange(log.Progress.Count(), 1, 50);
        using FileStream closed = File.Open(scene.LoraPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(closed.CanWrite);
    }

    [Fact]
    public void Progress_counts_to_its_end()
    {
        using var scene = new ResizeScene();
        var log = new EventLog();
        using var job = ResizeJob.Decompose(scene.Session, scene.OpenInput(), log, CancellationToken.None);
        ResizePlan plan = job.Plan(
            ResizeRecipe.Parse("subspace,thr=-inf"),
            TensorType.Float16,
            OutputKind.Smallest,
            log,
            CancellationToken.None
        );
        job.Write(plan, scene.PathOf("output.safetensors"), overwrite: false, log, CancellationToken.None);
        ILookup<string, EngineProgress> steps = log.Progress.ToLookup(progress => progress.Step);
        Assert.Equal(
            ["Comparing subspaces with the base model", "Decomposing lora.safetensors", "Writing output.safetensors"],
            steps.Select(step => step.Key).Order()
        );
        Assert.All(
            steps,
            static step =>
                Assert.Equal(
                    Enumerable.Range(1, step.Count()).Select(static done => (long)done),
                    step.Select(static progress => progress.Done).Order()
                )
        );
        Assert.All(log.Progress, progress => Assert.Equal(steps[progress.Step].Count(), progress.Total));
    }

    [Fact]
    public void An_existing_output_is_replaced_only_with_permission()
    {
        using var scene = new ResizeScene();
        string path = scene.PathOf("output.safetensors");
        File.WriteAllText(path, "precious");
        ResizePlan plan = scene.Plan("spn_ckpt,thr=-1.2");
        Assert.Equal(
            "Exists",
            Assert.Throws<OutputException>(() => scene.Job.Write(plan, path, overwrite: false, null, CancellationToken.None)).Defect
        );
        Assert.Equal("precious", File.ReadAllText(path));
        scene.Job.Write(plan, path, overwrite: true, null, CancellationToken.None);
        Assert.Equal(plan.Length, new FileInfo(path).Length);
    }

    private static void CancelAt(int count, int when, CancellationTokenSource cancellation)
    {
        if (count == when)
        {
            cancellation.Cancel();
        }
    }

    private static void AdoptAndWrite(ResizeScene scene, IReadOnlyList<LayerSpectrum> layers)
    {
        using var job = ResizeJob.Adopt(scene.Session, scene.OpenInput(), layers, null, CancellationToken.None);
        ResizePlan plan = job.Plan(
            ResizeRecipe.Parse("spn_lora,thr=-9"),
            TensorType.Float16,
            OutputKind.Smallest,
            null,
            CancellationToken.None
        );
        job.Write(plan, scene.PathOf("output.safetensors"), false, null, CancellationToken.None);
    }

    // The lowest bits of a number: nothing but its content tells that the file is another.
    private static void ChangeOneByte(string path, string tensor, bool keepTime)
    {
        DateTime time = File.GetLastWriteTimeUtc(path);
        byte[] bytes = File.ReadAllBytes(path);
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            bytes[bytes.Length - file.Header.Tensors[^1].End + file.Find(tensor)!.Start] ^= 1;
        }

        File.Delete(path);
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, keepTime ? time : time.AddSeconds(2));
    }
}
