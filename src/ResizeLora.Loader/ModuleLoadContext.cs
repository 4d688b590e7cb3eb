using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace ResizeLora.Hosting;

/// <summary>
/// The load context of the module and of its libraries. It keeps them apart from other modules,
/// so that no other module's version of a library can take their place.
/// </summary>
/// <remarks>
/// This assembly itself lives in the default context, where it depends on nothing but the runtime.
/// </remarks>
public sealed class ModuleLoadContext : AssemblyLoadContext
{
    private const string ModuleAssemblyName = "ResizeLora.PowerShell";
    private const string EngineOfPowerShell = "System.Management.Automation";

    private static readonly Lazy<Assembly> ModuleAssembly = new(LoadModule);

    private readonly string _folder;

    private ModuleLoadContext(string folder)
        : base(nameof(ResizeLora), isCollectible: false)
    {
        _folder = folder;
    }

    /// <summary>Loads the module's cmdlets into the module's context, on the first call only.</summary>
    /// <returns>The assembly to give to <c>Import-Module -Assembly</c>: the same one on every call.</returns>
    /// <exception cref="FileNotFoundException">ResizeLora.PowerShell.dll does not lie beside this assembly.</exception>
    public static Assembly Initialize() => ModuleAssembly.Value;

    /// <summary>Finds a library of the module in the module's own folder.</summary>
    /// <param name="assemblyName">The library that is asked for.</param>
    /// <returns>The library, or null to leave it to the default context.</returns>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        Assembly loader = typeof(ModuleLoadContext).Assembly;
        if (assemblyName.Name == loader.GetName().Name)
        {
            return loader;
        }

        string file = Path.Combine(_folder, assemblyName.Name + ".dll");
        bool shared = assemblyName.Name == EngineOfPowerShell || !File.Exists(file) || RuntimeHasAsNew(file);
        return shared ? null : LoadFromAssemblyPath(file);
    }

    private static Assembly LoadModule()
    {
        string folder = Path.GetDirectoryName(typeof(ModuleLoadContext).Assembly.Location)!;
        return new ModuleLoadContext(folder).LoadFromAssemblyPath(Path.Combine(folder, ModuleAssemblyName + ".dll"));
    }

    /// <summary>A framework assembly must be one for the whole process, unless the module brings a newer one.</summary>
    private static bool RuntimeHasAsNew(string file)
    {
        string ofRuntime = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), Path.GetFileName(file));
        return File.Exists(ofRuntime) && AssemblyName.GetAssemblyName(ofRuntime).Version >= AssemblyName.GetAssemblyName(file).Version;
    }
}
