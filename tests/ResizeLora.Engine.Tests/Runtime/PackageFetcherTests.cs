using ResizeLora.Compute;
using ResizeLora.Runtime.Packages;

namespace ResizeLora.Tests.Runtime;

public sealed class PackageFetcherTests : IDisposable
{
    private const int ContentLength = 200_000;

    private readonly TemporaryFolder served = new();
    private readonly TemporaryFolder folder = new();
    private readonly ServedFeed feed;
    private readonly RuntimePackage package;

    public PackageFetcherTests()
    {
        feed = new ServedFeed(served.Path);
        package = ImitationPackages.Write(served.Path, "libtorch", ("runtimes/a/native/x.so", ImitationPackages.Content(ContentLength)));
    }

    public void Dispose()
    {
        feed.Dispose();
        served.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_package_comes_from_a_folder_and_from_a_feed(bool overHttp)
    {
        var lengths = new List<long>();
        string path = await FetchAsync(overHttp ? feed.Address : served.Path, lengths.Add);
        Assert.Equal(File.ReadAllBytes(Path.Combine(served.Path, package.FileName)), File.ReadAllBytes(path));
        Assert.Equal(lengths.Order(), lengths);
        Assert.Equal(package.Length, lengths[^1]);
    }

    [Fact]
    public async Task What_is_here_whole_is_not_fetched_again()
    {
        await FetchAsync(feed.Address);
        await FetchAsync(feed.Address);
        Assert.Single(feed.Offsets);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_continued_where_it_broke()
    {
        feed.BreakAfter = 90_000;
        await FetchAsync(feed.Address);
        Assert.Equal(0, feed.Offsets.First());
        Assert.Equal(feed.Offsets.Order(), feed.Offsets);
        Assert.True(feed.Offsets.Last() > 90_000);
    }

    [Fact]
    public async Task What_came_before_a_break_is_kept_and_the_next_run_goes_on()
    {
        (feed.BreakAfter, feed.Answers) = (90_000, 1);
        TorchRuntimeException exception = await Assert.ThrowsAsync<TorchRuntimeException>(() => FetchAsync(feed.Address));
        Assert.Equal("RuntimeInterrupted", exception.ErrorId);
        long here = PackageFetcher.LengthHere(folder.Path, package);
        Assert.InRange(here, 1, 90_000);

        (feed.BreakAfter, feed.Answers) = (null, 1);
        await FetchAsync(feed.Address);
        Assert.Equal([0, here], feed.Offsets);
    }

    [Fact]
    public async Task A_feed_without_ranges_sends_it_again_from_the_beginning()
    {
        (feed.BreakAfter, feed.Answers, feed.KnowsRanges) = (90_000, 1, false);
        await Assert.ThrowsAsync<TorchRuntimeException>(() => FetchAsync(feed.Address));
        (feed.BreakAfter, feed.Answers) = (null, 1);
        string path = await FetchAsync(feed.Address);
        Assert.Equal(package.Length, new FileInfo(path).Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_package_of_the_same_length_is_refused_and_not_kept(bool overHttp)
    {
        RuntimePackage expected = package with { Sha512 = Convert.ToBase64String(new byte[64]) };
        TorchRuntimeException exception = await Assert.ThrowsAsync<TorchRuntimeException>(() =>
            FetchAsync(overHttp ? feed.Address : served.Path, expected: expected)
        );
        Assert.Equal("RuntimeHashMismatch", exception.ErrorId);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_longer_package_is_refused_before_all_of_it_came(bool overHttp)
    {
        RuntimePackage expected = package with { Length = 1000 };
        TorchRuntimeException exception = await Assert.ThrowsAsync<TorchRuntimeException>(() =>
            FetchAsync(overHttp ? feed.Address : served.Path, expected: expected)
        );
        Assert.Equal("RuntimeHashMismatch", exception.ErrorId);
    }

    [Fact]
    public async Task What_is_left_of_another_package_is_replaced()
    {
        File.WriteAllBytes(Path.Combine(folder.Path, package.FileName + ".part"), ImitationPackages.Content(500, seed: 9));
        string path = await FetchAsync(feed.Address);
        Assert.Equal([500, 0], feed.Offsets);
        Assert.Equal(package.Length, new FileInfo(path).Length);
    }

    [Fact]
    public async Task A_package_that_no_source_has_is_an_error_that_names_the_source()
    {
        TorchRuntimeException exception = await Assert.ThrowsAsync<TorchRuntimeException>(() =>
            FetchAsync(folder.Path, expected: package with { Id = "other" })
        );
        Assert.Equal("RuntimePackageMissing", exception.ErrorId);
        Assert.Contains(folder.Path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_package_in_a_folder_is_an_error_that_says_so()
    {
        File.WriteAllText(Path.Combine(served.Path, package.FileName), "cut");
        TorchRuntimeException exception = await Assert.ThrowsAsync<TorchRuntimeException>(() => FetchAsync(served.Path));
        Assert.Equal("RuntimeSourceUnreachable", exception.ErrorId);
        Assert.Contains(served.Path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_feed_that_cannot_be_reached_is_an_error_that_says_so()
    {
        feed.Dispose();
        TorchRuntimeException exception = await Assert.ThrowsAsync<TorchRuntimeException>(() => FetchAsync(feed.Address));
        Assert.Equal("RuntimeSourceUnreachable", exception.ErrorId);
    }

    private async Task<string> FetchAsync(string source, Action<long>? fetched = null, RuntimePackage? expected = null)
    {
        using var packages = new PackageFeed(source);
        return await new PackageFetcher(folder.Path, packages).FetchAsync(
            expected ?? package,
            fetched ?? (static _ => { }),
            CancellationToken.None
        );
    }
}
