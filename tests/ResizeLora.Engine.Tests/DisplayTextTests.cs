using ResizeLora.Adapters;

namespace ResizeLora.Tests;

/// <summary>What a file holds is anybody's: it is text, and nothing else.</summary>
public sealed class DisplayTextTests
{
    [Fact]
    public void Names_in_a_message_cannot_steer_the_terminal_or_turn_the_writing()
    {
        using var folder = new TemporaryFolder();
        const string Evil = "\u001b]0;owned\u0007\u202Esrotsnetefas";
        string path = new SampleLora().Layer(Evil, 4, 3, 1, alpha: double.NaN).Write(folder.PathOf("evil.safetensors"));
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
