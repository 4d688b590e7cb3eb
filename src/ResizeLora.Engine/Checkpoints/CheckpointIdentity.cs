using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using ResizeLora.Files;

namespace ResizeLora.Checkpoints;

/// <summary>
/// What tells one checkpoint from another without reading all of it. <see cref="Structure"/> is the hash of the header: two
/// files of one structure may hold different weights. <see cref="Sample"/> adds a small file's content, and of a large one
/// its place on the disk, size, times, and blocks sampled all over it: while that stays the same, the file is unchanged, as
/// the system keeps the change time itself; once it differs, weights are compared by their full content, one by one.
/// </summary>
/// <param name="Structure">32 hexadecimal digits.</param>
/// <param name="Sample">32 hexadecimal digits.</param>
/// <param name="Content">
/// 16 hexadecimal digits: the header and the blocks, or all of a small file. The same for copies, on any machine.
/// </param>
/// <param name="IsCertain">
/// Whether an equal sample means equal content. It does not where the system tells no change time, or the file was changed
/// this moment: then every weight is compared by its content.
/// </param>
internal sealed record CheckpointIdentity(string Structure, string Sample, string Content, bool IsCertain)
{
    private const int BlockCount = 512;

    // What is read in a moment is read whole.
    private const long SampledFrom = 64 << 20;

    public static CheckpointIdentity Of(ITensorFile file, FileStamp stamp)
    {
        byte[] structure = TensorPieces.HashStructure(file.Header);
        var sample = new XxHash128();
        var content = new XxHash3();
        sample.Append(structure);
        content.Append(structure);
        bool readWhole = TensorPieces.DataLengthOf(file) < SampledFrom;
        if (!readWhole)
        {
            AppendStamp(sample, stamp);
        }

        TensorPieces.ReadSample(
            file,
            readWhole ? int.MaxValue : BlockCount,
            block =>
            {
                sample.Append(block);
                content.Append(block);
            }
        );
        return new CheckpointIdentity(
            Convert.ToHexString(structure),
            Convert.ToHexString(sample.GetCurrentHash()),
            Convert.ToHexString(content.GetCurrentHash()).ToLowerInvariant(),
            readWhole || stamp.IsSettled(DateTime.UtcNow)
        );
    }

    /// <summary>What tells several files together from others, wherever they lie.</summary>
    /// <param name="files">The files; of one it is its own key.</param>
    public static string ContentOf(IReadOnlyList<BaseFile> files)
    {
        string[] keys = [.. files.Select(static file => file.Identity.Content)];
        return keys is [string only]
            ? only
            : XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(string.Join('\n', keys))).ToString("x16", CultureInfo.InvariantCulture);
    }

    private static void AppendStamp(XxHash128 sample, FileStamp stamp)
    {
        (ulong volume, UInt128 identifier) = stamp.Identifier ?? default;
        Span<byte> bytes = stackalloc byte[6 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, stamp.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], stamp.LastWriteTime.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], stamp.ChangeTime?.Ticks ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], volume);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[32..], identifier);
        sample.Append(bytes);
    }
}
