using ResizeLora.Adapters;
using ResizeLora.Safetensors;

namespace ResizeLora.Tests;

/// <summary>What a file holds is anybody's: it is text, and nothing else.</summary>
public sealed class DisplayTextTests
{
    [Fact]
    public void Names_in_a_message_cannot_steer_the_terminal_or_turn_the_writing()
    {
        using var folder = new TemporaryFolder();
        const string Evil = "\u001b]0;owned\u0007\u202Esrotsnetefas";
        string path = SampleFiles.Write(folder.PathOf("evil.safetensors"), [
            SampleTensor.Of($"{Evil}.lora_down.weight", TensorType.Float32, [1, 1], [1]),
            SampleTensor.Of($"{Evil}.lora_up.weight", TensorType.Float32, [1, 1], [1]),
            SampleTensor.Scalar($"{Evil}.alpha", double.NaN),
        ]);
        AdapterException exception = Assert.Throws<AdapterException>(() => Adapter.Open(path).Dispose());
        Assert.Equal(Evil, exception.Layer);
        Assert.DoesNotContain(exception.Message, static character => char.IsControl(character) || character == '\u202E');
        Assert.Contains(@"\u001b]0;owned\u0007\u202esrotsnetefas", exception.Message, StringComparison.Ordinal);
        Assert.Equal(@"a\u001bb", new EngineNote(EngineNoteLevel.Warning, "a\u001bb").Text);
    }

    [Theory]
    [InlineData("plain “text” of any 言語 and 🎨")]
    [InlineData("two\nlines\tand a tab")]
    public void Ordinary_text_stays(string text) => Assert.Equal(text, DisplayText.Of(text));
}
