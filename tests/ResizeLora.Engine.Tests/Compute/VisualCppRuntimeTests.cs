using ResizeLora.Compute;

namespace ResizeLora.Tests.Compute;

public sealed class VisualCppRuntimeTests
{
    private static readonly DllNotFoundException Cause = new("Unable to load DLL 'libiomp5md.dll' or one of its dependencies.");

    [Fact]
    public void What_is_missing_of_it_is_named_with_its_installer()
    {
        TorchRuntimeException? failure = VisualCppRuntime.Explain(static library => library == "vcruntime140.dll", Cause);
        Assert.NotNull(failure);
        Assert.Equal("RuntimeVisualCppMissing", failure.ErrorId);
        Assert.Contains("vcruntime140_1.dll, msvcp140.dll cannot be found", failure.Message, StringComparison.Ordinal);
        Assert.Contains("VC_redist.x64.exe", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("libiomp5md", failure.Message, StringComparison.Ordinal);
        Assert.Same(Cause, failure.InnerException);
    }

    [Fact]
    public void Where_all_of_it_is_there_it_is_not_the_reason() => Assert.Null(VisualCppRuntime.Explain(static _ => true, Cause));
}
