namespace ResizeLora.Dialects;

/// <summary>What programs have in common beyond the names of layers.</summary>
internal static class LoraNamings
{
    /// <summary>Whether PEFT reads the file: suffixes of PEFT, no alpha, and settings that give the scale.</summary>
    /// <param name="naming">The program.</param>
    public static bool IsOfPeft(this LoraNaming naming) => naming is LoraNaming.Diffusers or LoraNaming.Peft;
}
