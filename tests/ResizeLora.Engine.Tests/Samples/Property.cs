using CsCheck;

namespace ResizeLora.Tests;

/// <summary>Checks a property on generated values, the same values in every run.</summary>
internal static class Property
{
    /// <summary>Generates values and checks each.</summary>
    /// <param name="generator">What generates.</param>
    /// <param name="count">How many.</param>
    /// <param name="check">Asserts the property of one.</param>
    public static void Holds<T>(Gen<T> generator, int count, Action<T> check)
    {
        for (int index = 0; index < count; index++)
        {
            T value = generator.Generate(new PCG(1, (ulong)index), null, out _);
            try
            {
                check(value);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"The property does not hold for case {index}: {Check.Print(value)}", exception);
            }
        }
    }
}
