using System.Runtime.CompilerServices;

namespace ResizeLora.Tests;

/// <summary>A fact that needs a file system of its own, to fill it or to make it read-only.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TmpfsFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> Available = new(Tmpfs.IsAvailable);

    public TmpfsFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        if (!Available.Value)
        {
            Skip = "A tmpfs cannot be mounted here: that takes Linux and root.";
        }
    }
}
