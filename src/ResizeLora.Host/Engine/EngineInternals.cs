using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace ResizeLora.Host.Engine;

/// <summary>
/// The few internal parts of the engine that PowerShell's own console and commands use and no public API offers.
/// The engine's version is pinned, so a name that moved shows in the tests, not at a user's.
/// </summary>
internal static class EngineInternals
{
    private const BindingFlags AnyInstance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
    private const string FormatNamespace = "Microsoft.PowerShell.Commands.Internal.Format.";

    private static readonly Assembly Engine = typeof(PSObject).Assembly;

    /// <summary>Makes a formatting command write its objects in a shape: Table, List or Wide.</summary>
    public static void UseShape(FrontEndCommandBase command, string shape)
    {
        Type shapes = EngineType(FormatNamespace + "FormatShape");
        SetImplementation(command, Create(EngineType(FormatNamespace + "InnerFormatShapeCommand"), Enum.Parse(shapes, shape)));
    }

    /// <summary>Makes a command an output of the formatting system.</summary>
    public static void UseOutput(FrontEndCommandBase command) =>
        SetImplementation(command, Create(EngineType(FormatNamespace + "OutputManagerInner")));

    /// <summary>Sends what an output of the formatting system renders to <paramref name="writer"/>.</summary>
    public static void WriteTo(FrontEndCommandBase command, TextWriter writer, int columns)
    {
        object implementation = ImplementationField.GetValue(command)!;
        PropertyInfo lineOutput = implementation.GetType().GetProperty("LineOutput", AnyInstance)!;
        lineOutput.SetValue(implementation, Create(EngineType(FormatNamespace + "TextWriterLineOutput"), writer, columns));
    }

    /// <summary>The exception that ends the commands before <paramref name="command"/>, which wants no more input.</summary>
    public static Exception CreateStopUpstreamException(Cmdlet command) =>
        (Exception)Create(EngineType("System.Management.Automation.StopUpstreamCommandsException"), command);

    /// <summary>The exception that makes the binder try another parameter for a value, rather than fail.</summary>
    public static Exception CreateSkippedValidationException(string message) =>
        (Exception)Create(typeof(ValidationMetadataException), message, true);

    /// <summary>Marks an object so that the formatting system writes it to the error stream.</summary>
    public static PSObject AsErrorOutput(ErrorRecord record)
    {
        var wrapped = new PSObject(record);
        PropertyInfo stream = typeof(PSObject).GetProperty("WriteStream", AnyInstance)!;
        stream.SetValue(wrapped, Enum.Parse(stream.PropertyType, "Error"));
        return wrapped;
    }

    /// <summary>Makes an error the one of <paramref name="caller"/>, whichever command writes it.</summary>
    public static void Attribute(ErrorRecord record, InvocationInfo caller)
    {
        typeof(ErrorRecord).GetMethod("SetInvocationInfo", AnyInstance)!.Invoke(record, [caller]);
        typeof(ErrorRecord).GetProperty("PreserveInvocationInfoOnce", AnyInstance)!.SetValue(record, true);
    }

    /// <summary>Lets <c>exit</c> in the next script file end the session instead of the file alone.</summary>
    public static void LetNextScriptExit(Runspace runspace)
    {
        object context = typeof(Runspace).GetProperty("ExecutionContext", AnyInstance)!.GetValue(runspace)!;
        context.GetType().GetProperty("ScriptCommandProcessorShouldRethrowExit", AnyInstance)!.SetValue(context, true);
    }

    private static FieldInfo ImplementationField { get; } =
        typeof(FrontEndCommandBase).GetField("implementation", AnyInstance)
        ?? throw new MissingFieldException(nameof(FrontEndCommandBase), "implementation");

    private static void SetImplementation(FrontEndCommandBase command, object implementation) =>
        ImplementationField.SetValue(command, implementation);

    private static Type EngineType(string name) => Engine.GetType(name, throwOnError: true)!;

    private static object Create(Type type, params object[] arguments) =>
        Activator.CreateInstance(type, AnyInstance, binder: null, arguments, culture: null)!;
}
