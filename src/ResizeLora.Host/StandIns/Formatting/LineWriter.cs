using System.Text;

namespace ResizeLora.Host.StandIns.Formatting;

/// <summary>Hands each line that the formatting system writes to <paramref name="write"/>.</summary>
internal sealed class LineWriter(Action<string> write) : TextWriter
{
    public override Encoding Encoding => Encoding.Unicode;

    public override void WriteLine(string? value) => write(value ?? string.Empty);

    public override void Write(string? value) => write(value ?? string.Empty);
}
