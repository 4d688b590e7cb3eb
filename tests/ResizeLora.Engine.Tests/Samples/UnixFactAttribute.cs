using System.Runtime.CompilerServices;

namespace ResizeLora.Tests;

/// <summary>A fact about systems where an open file can be changed, and links be made, by anybody.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        if (OperatingSystem.IsWindows())
        {
            Skip = "Windows denies this to begin with, or asks for a privilege.";
        }
    }
}
