using System.Text;
using ResizeLora.Adapters;
using ResizeLora.Checkpoints;
using ResizeLora.Files;

namespace ResizeLora.Tests.Safetensors;

/// <summary>Files that are not what their name says are told what they are and what to do, as LoRA and as base model.</summary>
public sealed class ForeignContentTests : IDisposable
{
    private static readonly Dictionary<string, (byte[] Content, SafetensorsDefect Defect, string[] Words)> Cases = new()
    {
        ["a login page"] = (
            Text("<!DOCTYPE html>\n<html><head><title>Sign in</title></head>" + new string('x', 5000)),
            SafetensorsDefect.HtmlPage,
            ["web page", "'Sign in'", "logged in"]
        ),
        ["a page with a byte order mark"] = (Text("\uFEFF\n<html>"), SafetensorsDefect.HtmlPage, ["web page"]),
        ["a storage's error"] = (
            Text("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"),
            SafetensorsDefect.HtmlPage,
            ["logged in"]
        ),
        ["a JSON error"] = (
            Text("{\"error\":\"Unauthorized\",\"message\":\"Log in first\"}"),
            SafetensorsDefect.JsonText,
            ["JSON", "'Log in first'", "access token"]
        ),
        ["JSON that is no object"] = (Text("[1, 2, 3, 4, 5]"), SafetensorsDefect.JsonText, ["JSON"]),
        ["JSON that breaks off"] = (Text("{\"error\":\"Unauth"), SafetensorsDefect.JsonText, ["JSON"]),
        ["a short answer"] = (Text("Not found"), SafetensorsDefect.PlainText, ["'Not found'", "Download it again"]),
        ["a very short answer"] = (Text("404"), SafetensorsDefect.PlainText, ["'404'"]),
        ["a text of another language"] = (Text("Fichier non trouvé — réessayez"), SafetensorsDefect.PlainText, ["'Fichier non trouvé"]),
        ["a git-LFS pointer"] = (
            Text($"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('a', 64)}\nsize 228455132\n"),
            SafetensorsDefect.LfsPointer,
            ["228,455,132 bytes", "git lfs pull"]
        ),
        ["a zip archive"] = ([.. "PK\u0003\u0004"u8, .. new byte[2000]], SafetensorsDefect.Archive, ["zip", "Unpack"]),
        ["a pickle of PyTorch"] = (
            [.. "PK\u0003\u0004"u8, .. new byte[22], .. "archive/data.pkl"u8, .. new byte[900]],
            SafetensorsDefect.Pickle,
            ["pickle", "run code", "Convert"]
        ),
        ["a pickle of old"] = ([0x80, 2, 0x8A, 0x0A, .. new byte[900]], SafetensorsDefect.Pickle, ["pickle", "Convert"]),
        ["gzip"] = ([0x1F, 0x8B, 8, 0, .. new byte[500]], SafetensorsDefect.Archive, ["gzip"]),
        ["7z"] = ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4, 1, 2], SafetensorsDefect.Archive, ["7z"]),
        ["rar"] = ([.. "Rar!"u8, 0x1A, 7, 1, 0, 3, 4], SafetensorsDefect.Archive, ["rar"]),
        ["GGUF"] = ([.. "GGUF"u8, 3, 0, 0, 0, .. new byte[500]], SafetensorsDefect.Gguf, ["GGUF", "safetensors file of the same model"]),
        ["a picture"] = ([0x89, .. "PNG\r\n\u001a\n"u8, .. new byte[50]], SafetensorsDefect.Picture, ["picture"]),
        ["a photograph"] = ([0xFF, 0xD8, 0xFF, 0xE0, .. new byte[50]], SafetensorsDefect.Picture, ["picture"]),
        ["zeros"] = (new byte[5000], SafetensorsDefect.Zeros, ["zeros", "Download it again"]),
        ["nothing"] = ([], SafetensorsDefect.Empty, ["0 bytes"]),
        ["noise"] = (
            [.. Enumerable.Range(0, 200).Select(static index => (byte)((index * 151) + 7))],
            SafetensorsDefect.InvalidHeaderLength,
            ["another kind"]
        ),
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    /// <summary>The defects of files that are something else.</summary>
    internal static IEnumerable<SafetensorsDefect> Defects => Cases.Values.Select(static value => value.Defect).Distinct();

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_file_of_another_kind_is_told_what_it_is(string name)
    {
        (byte[] content, SafetensorsDefect defect, string[] words) = Cases[name];
        string path = folder.PathOf("download.safetensors");
        File.WriteAllBytes(path, content);
        SafetensorsException exception = Assert.Throws<SafetensorsException>(() =>
            LoraFileOpener.TryOpen(path, new LoraFileOptions(TakesResized: true), out _)?.Dispose()
        );
        Assert.Equal((defect, $"Safetensors{defect}"), (exception.Defect, exception.ErrorId));
        Assert.All(words, word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
        Assert.Equal(exception.Message, Assert.Throws<SafetensorsException>(() => Checkpoint.Open(path).Dispose()).Message);
        Assert.InRange(exception.Message.Length - path.Length, 1, 350);
    }

    [Fact]
    public void A_file_that_is_cut_off_is_told_how_many_bytes_are_missing()
    {
        string path = new SampleLora().Layer("a", 40, 40, 16).Write(folder.PathOf("cut.safetensors"));
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..^1700]);
        SafetensorsException inData = Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.Equal(SafetensorsDefect.Truncated, inData.Defect);
        Assert.Contains(
            FormattableString.Invariant($"of {whole.Length:N0} bytes 1,700 are missing"),
            inData.Message,
            StringComparison.Ordinal
        );
        File.WriteAllBytes(path, whole[..60]);
        SafetensorsException inHeader = Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.Equal(SafetensorsDefect.Truncated, inHeader.Defect);
        Assert.Contains("it has 60 bytes, and its header alone takes", inHeader.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_file_says_of_itself_is_shown_without_control_characters_and_never_at_length()
    {
        string path = folder.PathOf("long.safetensors");
        File.WriteAllBytes(path, Text($"{{\"message\":\"\\u001b[31m{new string('m', 3000)}\"}}"));
        SafetensorsException exception = Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.DoesNotContain('\u001b', exception.Message);
        Assert.InRange(exception.Message.Length - path.Length, 1, 350);
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
