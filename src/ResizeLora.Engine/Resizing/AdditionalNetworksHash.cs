using System.Security.Cryptography;

namespace ResizeLora.Resizing;

/// <summary>
/// The two hashes by which other programs recognise a LoRA (sd-webui-additional-networks, kohya's sd-scripts): SHA-256 of the
/// data behind the header, and the first eight digits of SHA-256 over 64 KiB at offset 1 MiB. Both are of the file as it would
/// be if its header held only the metadata whose keys begin with <c>ss_</c>, because other metadata may be edited later.
/// </summary>
internal sealed class AdditionalNetworksHash : IDisposable
{
    /// <summary>The metadata key of the hash over all data; 64 hexadecimal digits.</summary>
    public const string ModelKey = "sshs_model_hash";

    /// <summary>The metadata key of the hash over the window; 8 hexadecimal digits.</summary>
    public const string LegacyKey = "sshs_legacy_hash";

    /// <summary>The beginning of the keys that count.</summary>
    public const string TrainingPrefix = "ss_";

    private const long WindowStart = 0x100000;
    private const long WindowEnd = 0x110000;

    private readonly IncrementalHash model = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash window = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long position;

    /// <summary>Starts with the header.</summary>
    /// <param name="prefix">The header's length and the header, with the <c>ss_</c> metadata only.</param>
    public AdditionalNetworksHash(ReadOnlySpan<byte> prefix)
    {
        AppendToWindow(prefix);
    }

    /// <summary>Goes on with the data.</summary>
    /// <param name="data">The next bytes.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        model.AppendData(data);
        AppendToWindow(data);
    }

    /// <summary>The hash over all data.</summary>
    public string ModelHash() => Convert.ToHexString(model.GetCurrentHash()).ToLowerInvariant();

    /// <summary>The hash over the window; of nothing when the file is shorter.</summary>
    public string LegacyHash() => Convert.ToHexString(window.GetCurrentHash())[..8].ToLowerInvariant();

    /// <inheritdoc/>
    public void Dispose()
    {
        model.Dispose();
        window.Dispose();
    }

    private void AppendToWindow(ReadOnlySpan<byte> bytes)
    {
        long start = Math.Clamp(WindowStart - position, 0, bytes.Length);
        long end = Math.Clamp(WindowEnd - position, start, bytes.Length);
        window.AppendData(bytes[(int)start..(int)end]);
        position += bytes.Length;
    }
}
