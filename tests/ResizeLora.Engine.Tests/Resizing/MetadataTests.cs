using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Resizing;

namespace ResizeLora.Tests.Resizing;

/// <summary>Metadata is kept and completed as the reference program and kohya's tool complete it.</summary>
public sealed class MetadataTests
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void All_metadata_is_kept_and_completed()
    {
        using var scene = new ResizeScene();
        (ResizePlan plan, Adapter output) = scene.Resize("spn_ckpt=3,params=1,thr=-1.2,rescale=1.5");
        using (output)
        {
            Assert.Equal("kept “as it is”", output.Metadata["other"]);
            Assert.Equal("Dynamic", output.Metadata["ss_network_dim"]);
            Assert.Equal("Dynamic", output.Metadata["ss_network_alpha"]);
            Assert.Equal(
                "Dynamic resize with spn_ckpt=0.75,params=0.25,rescale=1.5,thr=-1.2 from 8; my comment",
                output.Metadata["ss_training_comment"]
            );
            Assert.NotNull(Adapter.ResizedWith(output.Metadata));
            string[] expected =
            [
                "other",
                "resize_params",
                "ss_network_alpha",
                "ss_network_dim",
                "ss_training_comment",
                "sshs_legacy_hash",
                "sshs_model_hash",
            ];
            Assert.Equal(expected, output.Metadata.Keys.Order(StringComparer.Ordinal));

            JsonElement parameters = JsonDocument.Parse(output.Metadata["resize_params"]).RootElement;
            Assert.Equal("spn_ckpt=0.75,params=0.25,rescale=1.5,thr=-1.2", parameters.GetProperty("recipe_str").GetString());
            Assert.Equal(
                ["spn_ckpt", "spn_lora", "fro_ckpt", "fro_lora", "subspace", "params"],
                parameters.GetProperty("weights").EnumerateObject().Select(weight => weight.Name)
            );
            Assert.Equal(
                [0.75, 0, 0, 0, 0, 0.25],
                parameters.GetProperty("weights").EnumerateObject().Select(weight => weight.Value.GetDouble())
            );
            Assert.Equal(JsonValueKind.Null, parameters.GetProperty("target_size").ValueKind);
            Assert.Equal(
                (plan.Threshold, 1.5),
                (parameters.GetProperty("threshold").GetDouble(), parameters.GetProperty("rescale").GetDouble())
            );
        }
    }

    [Fact]
    public void The_threshold_that_a_size_led_to_is_written_and_none_where_nothing_was_cut()
    {
        using var scene = new ResizeScene();
        (ResizePlan plan, Adapter output) = scene.Resize("spn_ckpt,size=0.006");
        using (output)
        {
            JsonElement parameters = JsonDocument.Parse(output.Metadata["resize_params"]).RootElement;
            Assert.Equal(
                (0.006, plan.Threshold),
                (parameters.GetProperty("target_size").GetDouble(), parameters.GetProperty("threshold").GetDouble())
            );
        }

        (_, Adapter whole) = scene.Resize("spn_ckpt,size=1", name: "whole.safetensors");
        using (whole)
        {
            Assert.Equal(
                JsonValueKind.Null,
                JsonDocument.Parse(whole.Metadata["resize_params"]).RootElement.GetProperty("threshold").ValueKind
            );
        }
    }

    [Fact]
    public void A_file_without_metadata_gets_what_a_resized_file_has()
    {
        using var scene = new ResizeScene(new SampleLora().Layer("plain", 8, 6, 3), withBase: false);
        (_, Adapter output) = scene.Resize("spn_lora,thr=-1");
        using (output)
        {
            Assert.Equal("Dynamic resize with spn_lora=1,thr=-1 from 3; ", output.Metadata["ss_training_comment"]);
            Assert.Equal(6, output.Metadata.Count);
        }
    }

    [Fact]
    public void Metadata_that_only_looks_like_JSON_or_numbers_is_kept_as_text()
    {
        using var scene = new ResizeScene(
            new SampleLora()
                .Layer("plain", 8, 6, 3)
                .Metadata("ss_tag_frequency", "{\"broken\": ")
                .Metadata("ss_epoch", "1e999")
                .Metadata("ss_network_dim", "[]"),
            withBase: false
        );
        (_, Adapter output) = scene.Resize("spn_lora,thr=-1");
        using (output)
        {
            Assert.Equal(("{\"broken\": ", "1e999"), (output.Metadata["ss_tag_frequency"], output.Metadata["ss_epoch"]));
        }
    }

    [Theory]
    [InlineData(8, 6, 3, 0)]
    [InlineData(900, 700, 180, 0x10000)]
    public void The_hashes_are_those_that_kohya_computes(int outFeatures, int inFeatures, int rank, int windowLength)
    {
        var gaussian = new Gaussian(rank);
        SampleLora lora = new SampleLora()
            .Layer(
                "plain",
                gaussian.Numbers(outFeatures * rank),
                [outFeatures, rank],
                gaussian.Numbers(rank * inFeatures),
                [rank, inFeatures]
            )
            .Metadata("ss_output_name", "naïve")
            .Metadata("sshs_model_hash", "old")
            .Metadata("sshs_legacy_hash", "old")
            .Metadata("zz", "not of training");
        using var scene = new ResizeScene(lora, withBase: false);
        (_, Adapter output) = scene.Resize("spn_lora,thr=-inf", TensorType.Float32);
        using (output)
        {
            byte[] asHashed = WithTrainingMetadataOnly(output.File, File.ReadAllBytes(output.Path));
            int headerEnd = sizeof(ulong) + (int)BitConverter.ToUInt64(asHashed);
            Assert.Equal(
                Convert.ToHexString(SHA256.HashData(asHashed.AsSpan(headerEnd))).ToLowerInvariant(),
                output.Metadata["sshs_model_hash"]
            );
            byte[] window = asHashed.Skip(0x100000).Take(0x10000).ToArray();
            Assert.Equal(windowLength, window.Length);
            Assert.Equal(Convert.ToHexString(SHA256.HashData(window))[..8].ToLowerInvariant(), output.Metadata["sshs_legacy_hash"]);
        }
    }

    // The file as kohya serialises it before it hashes: the same tensors, and of the metadata only what begins with ss_.
    private static byte[] WithTrainingMetadataOnly(ITensorFile file, byte[] bytes)
    {
        IEnumerable<string> training = file
            .Header.Metadata.Where(static pair => pair.Key.StartsWith("ss_", StringComparison.Ordinal))
            .OrderBy(static pair => pair.Key, StringComparer.Ordinal)
            .Select(static pair => $"{JsonSerializer.Serialize(pair.Key, Relaxed)}:{JsonSerializer.Serialize(pair.Value, Relaxed)}");
        IEnumerable<string> tensors = file.Header.Tensors.Select(static tensor =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"\"{tensor.Name}\":{{\"dtype\":\"{TensorTypes.NameOf(tensor.Type)}\",\"shape\":[{string.Join(',', tensor.Shape)}],\"data_offsets\":[{tensor.Start},{tensor.End}]}}"
            )
        );
        byte[] header = Encoding.UTF8.GetBytes($"{{\"__metadata__\":{{{string.Join(',', training)}}},{string.Join(',', tensors)}}}");
        byte[] padded = [.. header, .. Enumerable.Repeat((byte)' ', (8 - (header.Length % 8)) % 8)];
        return SampleFiles.Raw(padded, bytes[^(int)file.Header.Tensors[^1].End..]);
    }
}
