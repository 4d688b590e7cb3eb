using ResizeLora.Compute;
using ResizeLora.Runtime.Installation;

namespace ResizeLora.Tests.Runtime;

public sealed class PackageUnpackerTests : IDisposable
{
    private readonly TemporaryFolder packages = new();
    private readonly TemporaryFolder target = new();
    private readonly byte[] library = ImitationPackages.Content(1500, seed: 2);

    public void Dispose()
    {
        packages.Dispose();
        target.Dispose();
    }

    [Fact]
    public void A_library_in_pieces_over_several_packages_is_put_together()
    {
        (long Done, long Total) last = default;
        string[] files = ImitationPackages.WriteDivided(packages.Path, library);
        PackageUnpacker.Unpack(
            files,
            ImitationPackages.Platform,
            target.Path,
            (done, total) => last = (done, total),
            CancellationToken.None
        );
        Assert.Equal(library, File.ReadAllBytes(Path.Combine(target.Path, "libtorch_cuda.so")));
        Assert.Equal((1550, 1550), last);
    }

    [Fact]
    public void Libraries_and_licences_are_kept_and_nothing_else()
    {
        string[] files = ImitationPackages.WriteDivided(packages.Path, library);
        Unpack(files);
        Assert.Equal(
            [ImitationPackages.Licence, "libc10.so", "libtorch_cuda.so"],
            Directory.GetFiles(target.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("cuda-part3-primary", "the first piece of libtorch_cuda.so is missing")]
    [InlineData("cuda-part3-fragment1", "a piece of libtorch_cuda.so is missing")]
    [InlineData("cuda-part3-fragment2", "the pieces of libtorch_cuda.so do not make the file that its checksum names")]
    public void A_piece_that_is_missing_is_an_error(string left, string reason)
    {
        string[] files = ImitationPackages.WriteDivided(packages.Path, library, left: left);
        AssertDamaged(() => Unpack(files), reason);
    }

    [Fact]
    public void Pieces_of_another_file_are_an_error()
    {
        string[] files = ImitationPackages.WriteDivided(packages.Path, library, checksum: new string('0', 64));
        AssertDamaged(() => Unpack(files), "do not make the file that its checksum names");
    }

    [Fact]
    public void A_file_that_is_no_package_is_an_error()
    {
        string file = Path.Combine(packages.Path, "a.nupkg");
        File.WriteAllBytes(file, library);
        Assert.Equal("RuntimePackageDamaged", Assert.Throws<TorchRuntimeException>(() => Unpack([file])).ErrorId);
    }

    private static void AssertDamaged(Action action, string reason)
    {
        TorchRuntimeException exception = Assert.Throws<TorchRuntimeException>(action);
        Assert.Equal("RuntimePackageDamaged", exception.ErrorId);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }

    private void Unpack(string[] files) =>
        PackageUnpacker.Unpack(files, ImitationPackages.Platform, target.Path, static (_, _) => { }, CancellationToken.None);
}
