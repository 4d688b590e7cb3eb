using ResizeLora.Compute;
using ResizeLora.Runtime.Packages;

namespace ResizeLora.Tests.Runtime;

public sealed class RuntimeCatalogTests
{
    private static readonly string OfModule = Path.Combine(
        (string)AppContext.GetData("ResizeLora.RepositoryRoot")!,
        "src",
        "ResizeLora.Runtime",
        RuntimeCatalog.FileName
    );

    [Theory]
    [InlineData("linux-x64")]
    [InlineData("win-x64")]
    [InlineData("osx-arm64")]
    public void The_modules_own_has_libtorch_for_the_processor_in_the_version_of_the_engine(string platform)
    {
        RuntimePackage package = Assert.Single(RuntimeCatalog.Parse(File.ReadAllBytes(OfModule)).Find(TorchKind.Cpu, platform));
        Assert.Equal($"libtorch-cpu-{platform}", package.Id);
        Assert.Equal(RuntimeFolders.Version, package.Version);
        Assert.Equal(64, Convert.FromBase64String(package.Sha512!).Length);
    }

    [Fact]
    public void A_platform_without_libtorch_is_an_error_that_names_those_with_it()
    {
        TorchRuntimeException exception = Assert.Throws<TorchRuntimeException>(() =>
            RuntimeCatalog.Parse(File.ReadAllBytes(OfModule)).Find(TorchKind.Cpu, "linux-arm64")
        );
        Assert.Equal("RuntimePlatformUnknown", exception.ErrorId);
        Assert.Contains("linux-x64, win-x64, osx-arm64", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_without_a_hash_is_never_fetched()
    {
        const string Json = """
            [{"torch":"Cuda","platform":"linux-x64","packages":[{"id":"a","version":"1.0.0","length":1,"installedLength":1,"sha512":null}]}]
            """;
        TorchRuntimeException exception = Assert.Throws<TorchRuntimeException>(() =>
            RuntimeCatalog.Parse(System.Text.Encoding.UTF8.GetBytes(Json)).Find(TorchKind.Cuda, "linux-x64")
        );
        Assert.Equal("RuntimeHashUnknown", exception.ErrorId);
    }
}
