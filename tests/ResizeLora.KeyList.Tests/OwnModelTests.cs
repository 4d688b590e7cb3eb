using System.Collections.Concurrent;

[assembly: AssemblyFixture(typeof(ResizeLora.KeyLists.OwnBaseModels))]

namespace ResizeLora.KeyLists;

/// <summary>The project's own base models, each written once.</summary>
public sealed class OwnBaseModels : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentDictionary<string, Lazy<BaseModel>> models = new(StringComparer.Ordinal);

    internal BaseModel Get(string name, bool isFolder) =>
        models
            .GetOrAdd(
                $"{name} {isFolder}",
                key => new Lazy<BaseModel>(() =>
                    isFolder ? OwnModels.Get(name).WriteFolder(folder.PathOf(key)) : OwnModels.Get(name).WriteFiles(folder.PathOf(key))
                )
            )
            .Value;

    /// <inheritdoc/>
    public void Dispose() => folder.Dispose();
}

/// <summary>Models made from the constants of their architectures, in every spelling of adapters that fits.</summary>
/// <param name="models">The base models.</param>
public sealed class OwnModelTests(OwnBaseModels models)
{
    /// <summary>The model, the spelling, and whether the base model is a folder of diffusers.</summary>
    public static TheoryData<string, string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, bool>();
            foreach (OwnModel model in OwnModels.All)
            {
                foreach (AdapterSpelling spelling in AdapterSpelling.All.Where(spelling => spelling.Suits(model)))
                {
                    cases.Add(model.Name, spelling.Name, false);
                    if (model.HasOther)
                    {
                        cases.Add(model.Name, spelling.Name, true);
                    }
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_adapter_is_resized_as_a_plain_computation_says(string model, string spelling, bool isFolder)
    {
        AdapterCheck check = AdapterCheck.Run(AdapterSpelling.Get(spelling).Of(OwnModels.Get(model)), models.Get(model, isFolder));
        Assert.Equal(check.LayerCount, check.BasedCount);
        Assert.True(check.LayerCount > 5);
    }
}
