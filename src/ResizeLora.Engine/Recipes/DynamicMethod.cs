namespace ResizeLora.Recipes;

/// <summary>
/// How a layer's own spectrum limits its rank. The methods with a parameter, and their names in recipes, are those of
/// kohya-ss/sd-scripts' resize_lora.py; the knee is offered by kijai/ComfyUI-KJNodes.
/// </summary>
public enum DynamicMethod
{
    /// <summary><c>sv_ratio</c>: σ₁ over the smallest σ that matters.</summary>
    SingularValueRatio,

    /// <summary><c>sv_fro</c>: the share of ‖ΔW‖F to keep.</summary>
    FrobeniusShare,

    /// <summary><c>sv_cumulative</c>: the share of the sum of all σ to keep.</summary>
    CumulativeShare,

    /// <summary><c>sv_knee</c>: up to where the spectrum bends the most.</summary>
    Knee,
}
