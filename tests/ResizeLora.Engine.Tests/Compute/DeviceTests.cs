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

/// <summary>On every device the engine is as exact as double precision asks, and the same from run to run.</summary>
public sealed class DeviceTests
{
    private const string Recipe = "spn_ckpt,subspace,thr=-1";

    public static IEnumerable<TheoryDataRow<string>> Names => Devices.All;

    public static IEnumerable<TheoryDataRow<string, TensorType>> StoredTypes =>
        from device in Devices.All
        from type in Enum.GetValues<TensorType>().Where(TensorTypes.IsWeight)
        select new TheoryDataRow<string, TensorType>(device.Data, type) { Skip = device.Skip };

    [Theory]
    [MemberData(nameof(Names))]
    public void Single_precision_keeps_all_of_its_mantissa(string name)
    {
        Device device = ComputeDevice.Resolve(name).Torch;
        using DisposeScope scope = NewDisposeScope();
        Tensor left = Dense.Matrix(new Gaussian(1).Numbers(256 * 256), 256, 256);
        Tensor right = Dense.Matrix(new Gaussian(2).Numbers(256 * 256), 256, 256);
        Tensor exact = left.matmul(right);
        Tensor product = left.to(ScalarType.Float32, device).matmul(right.to(ScalarType.Float32, device)).to(ScalarType.Float64, CPU);

        // The tensor cores' ten bits would leave 1e-3.
        Assert.True(WrittenLayer.Norm(product - exact) <= 1e-5 * WrittenLayer.Norm(exact));
    }

    [Theory]
    [MemberData(nameof(StoredTypes))]
    public void Weights_of_every_type_are_the_numbers_that_are_stored(string name, TensorType type)
    {
        using DisposeScope scope = NewDisposeScope();
        ComputeDevice device = ComputeDevice.Resolve(name);
        byte[] stored = WeightEncoder.Encode(type, new Gaussian(3).Numbers(15 * 17));
        Tensor numbers = TensorReader.Upload([15, 17], type, stored.CopyTo, ScalarType.Float64, device);
        Assert.Equal(device.Torch.type, numbers.device_type);
        Assert.Equal(new long[] { 15, 17 }, numbers.shape);
        Assert.Equal(ScalarFloat.DecodeAll(type, stored), TensorReader.ToArray(numbers));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_code_of_8_bits_is_the_number_that_it_stands_for(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Device device = ComputeDevice.Resolve(name).Torch;
        byte[] codes = [.. Enumerable.Range(0, 256).Select(static code => (byte)code)];
        foreach (TensorType type in new[] { TensorType.Float8E4M3, TensorType.Float8E5M2 })
        {
            Tensor numbers = TensorReader.Decode(tensor(codes).reshape(16, 16).to(device), type);
            Assert.Equal(new long[] { 16, 16 }, numbers.shape);
            Assert.Equal(ScalarFloat.DecodeAll(type, codes), TensorReader.ToArray(numbers));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Singular_values_are_those_of_double_precision(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new ResizeScene(device: name);
        using Adapter input = scene.OpenInput();
        foreach (LayerSpectrum layer in scene.Job.Layers)
        {
            double[] exact = Dense.ToArray(linalg.svdvals(WrittenLayer.Delta(input.File, LayerOf(input, layer.Layer))));
            Assert.All(exact.Zip(layer.SingularValues), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * pair.First));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Singular_values_are_so_where_the_factors_themselves_are_decomposed(string name)
    {
        // A rank above both sides, and a column that depends on another.
        using DisposeScope scope = NewDisposeScope();
        double[] up = new Gaussian(5).Numbers(30 * 6);
        for (int row = 0; row < 30; row++)
        {
            up[(row * 6) + 5] = up[row * 6];
        }

        double[] down = new Gaussian(6).Numbers(6 * 20);
        SampleLora lora = new SampleLora(4)
            .Layer("lora_unet_wide", 12, 10, 16, alpha: 16)
            .Layer("lora_unet_dependent", up, [30, 6], down, [6, 20], alpha: 6);
        using var scene = new ResizeScene(lora, withBase: false, name);
        using Adapter input = scene.OpenInput();
        foreach (LayerSpectrum layer in scene.Job.Layers)
        {
            double[] exact = Dense.ToArray(linalg.svdvals(WrittenLayer.Delta(input.File, LayerOf(input, layer.Layer))));
            Assert.All(exact.Zip(layer.SingularValues), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * exact[0]));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Scales_of_subspaces_are_those_of_double_precision(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new ResizeScene();
        using Adapter input = scene.OpenInput();
        var device = new LayerDevice(ComputeDevice.Resolve(name));
        foreach (LayerSpectrum layer in scene.Job.Layers)
        {
            BaseWeight weight = scene.Session.Checkpoint!.Find(layer.Layer)!;
            double[] found = SubspaceScales.Compute([(layer, input)], weight, device)[0];

            byte[] stored = new byte[weight.ByteLength];
            weight.Read(stored);
            Tensor dense = Dense.Matrix(ScalarFloat.DecodeAll(weight.Type, stored), weight.Rows, weight.Columns);
            Tensor delta = WrittenLayer.Delta(input.File, LayerOf(input, layer.Layer));
            (Tensor left, _, Tensor right) = linalg.svd(delta, fullMatrices: false);
            double[] exact = Dense.ToArray(left.t().matmul(dense).matmul(right.t()).diagonal().abs());
            double norm = linalg.svdvals(dense).max().item<double>();
            Assert.Equal(layer.SingularValues.Length, found.Length);
            Assert.All(exact.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * norm));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_written_is_the_truncated_LoRA(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using var scene = new ResizeScene(device: name);
        using Adapter input = scene.OpenInput();
        (ResizePlan plan, Adapter output) = scene.Resize(Recipe, TensorType.Float32);
        using (output)
        {
            LayerPlan[] resized = [.. plan.Layers.Where(static layer => layer.Result.NewRank > 0)];
            Assert.NotEmpty(resized);
            foreach (LayerPlan planned in resized)
            {
                Tensor delta = WrittenLayer.Delta(input.File, LayerOf(input, planned.Result.Layer));
                Tensor written = WrittenLayer.Delta(output.File, LayerOf(output, planned.Result.Layer));
                Assert.True(
                    WrittenLayer.Norm(written - WrittenLayer.Truncate(delta, planned.Kept)) <= 1e-5 * WrittenLayer.Norm(delta),
                    planned.Result.Layer
                );
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_same_input_gives_the_same_bytes(string name)
    {
        byte[] Resize()
        {
            using var scene = new ResizeScene(device: name);
            scene.Resize(Recipe).Output.Dispose();
            return File.ReadAllBytes(scene.PathOf("output.safetensors"));
        }

        Assert.Equal(Resize(), Resize());
    }

    [CudaFact]
    public void What_does_not_fit_into_the_memory_of_a_card_is_done_by_the_processor()
    {
        var device = new LayerDevice(ComputeDevice.Resolve("cuda"));
        var log = new EventLog();

        // More than any card has.
        Assert.Equal(7, device.Compute(static onto => onto.IsCuda ? empty(1L << 44, ScalarType.Byte, onto.Torch).numel() : 7));
        device.WarnOfMemory(log);
        Assert.Single(log.Warnings);

        // And the card goes on.
        Assert.Equal(2, device.Compute(static onto => (ones(2, device: onto.Torch) * 2).cpu().sum().item<float>() / 2));
    }

    private static AdapterLayer LayerOf(Adapter adapter, string name) => adapter.Layers.Single(layer => layer.Name == name);
}
