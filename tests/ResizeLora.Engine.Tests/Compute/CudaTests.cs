using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Compute;
using ResizeLora.Files;
using ResizeLora.Resizing;
using ResizeLora.Spectra;
using ResizeLora.Tests.Resizing;
using TorchSharp;
using static TorchSharp.torch;

namespace ResizeLora.Tests.Compute;

/// <summary>The same engine on a graphics device: as exact as on the processor, and the same from run to run.</summary>
public sealed class CudaTests
{
    private const string Recipe = "spn_ckpt,subspace,thr=-1";

    [CudaFact]
    public void Single_precision_keeps_all_of_its_mantissa()
    {
        Device device = ComputeDevice.Resolve("cuda").Torch;
        Assert.False(backends.cuda.matmul.allow_tf32);
        using DisposeScope scope = NewDisposeScope();
        Tensor left = Dense.Matrix(new Gaussian(1).Numbers(256 * 256), 256, 256);
        Tensor right = Dense.Matrix(new Gaussian(2).Numbers(256 * 256), 256, 256);
        Tensor exact = left.matmul(right);
        Tensor product = left.to(ScalarType.Float32, device).matmul(right.to(ScalarType.Float32, device)).to(ScalarType.Float64, CPU);

        // The tensor cores' ten bits would leave 1e-3.
        Assert.True(WrittenLayer.Norm(product - exact) <= 1e-5 * WrittenLayer.Norm(exact));
    }

    [CudaFact]
    public void Spectra_and_norms_are_those_of_the_processor()
    {
        using var processor = new ResizeScene();
        using var cuda = new ResizeScene(device: "cuda");
        foreach ((LayerSpectrum expected, LayerSpectrum actual) in processor.Job.Layers.Zip(cuda.Job.Layers))
        {
            Assert.Equal(expected.Layer, actual.Layer);
            Assert.All(
                expected.SingularValues.Zip(actual.SingularValues),
                pair => Assert.Equal(pair.First, pair.Second, 1e-4 * pair.First)
            );
            Assert.Equal(expected.BaseSpectralNorm!.Value, actual.BaseSpectralNorm!.Value, 1e-5 * expected.BaseSpectralNorm.Value);
            Assert.Equal(expected.BaseFrobeniusNorm!.Value, actual.BaseFrobeniusNorm!.Value, 1e-5 * expected.BaseFrobeniusNorm.Value);
        }
    }

    [CudaFact]
    public void Scales_of_subspaces_are_those_of_the_processor()
    {
        using var scene = new ResizeScene();
        using Adapter adapter = scene.OpenInput();
        Checkpoint checkpoint = scene.Session.Checkpoint!;
        foreach (LayerSpectrum layer in scene.Job.Layers)
        {
            BaseWeight weight = checkpoint.Find(layer.Layer)!;
            double[] expected = SubspaceScales.Compute(layer, adapter, weight, ComputeDevice.Processor);
            double[] actual = SubspaceScales.Compute(layer, adapter, weight, ComputeDevice.Resolve("cuda"));
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * layer.BaseSpectralNorm!.Value));
        }
    }

    [CudaFact]
    public void What_is_written_is_the_truncated_LoRA()
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new ResizeScene(device: "cuda");
        using Adapter input = scene.OpenInput();
        (ResizePlan plan, Adapter output) = scene.Resize(Recipe, TensorType.Float32);
        using (output)
        {
            foreach (LayerPlan planned in plan.Layers.Where(static layer => layer.Result.NewRank > 0))
            {
                Tensor delta = WrittenLayer.Delta(input.File, input.Layers.Single(layer => layer.Name == planned.Result.Layer));
                Tensor written = WrittenLayer.Delta(output.File, output.Layers.Single(layer => layer.Name == planned.Result.Layer));
                Assert.True(
                    WrittenLayer.Norm(written - WrittenLayer.Truncate(delta, planned.Kept)) <= 1e-5 * WrittenLayer.Norm(delta),
                    planned.Result.Layer
                );
            }
        }
    }

    [CudaFact]
    public void The_same_input_gives_the_same_bytes()
    {
        using var scene = new ResizeScene(device: "cuda");
        scene.Resize(Recipe, name: "first.safetensors").Output.Dispose();
        using var other = new ResizeScene(device: "cuda");
        other.Resize(Recipe, name: "second.safetensors").Output.Dispose();
        Assert.Equal(File.ReadAllBytes(scene.PathOf("first.safetensors")), File.ReadAllBytes(other.PathOf("second.safetensors")));
    }
}
