// An outcome with the names of Measure-LoraResize's properties, for programs.

/**
 * @param {import("./data.js").SpectrumFile} file
 * @param {import("./measure.js").Outcome} outcome
 */
export function summaryOf(file, outcome) {
    const { total } = outcome;
    return {
        Recipe: outcome.recipe,
        Threshold: outcome.threshold === null || Number.isFinite(outcome.threshold) ? outcome.threshold : String(outcome.threshold),
        OldLength: outcome.oldLength,
        NewLength: outcome.newLength,
        Saved: outcome.saved,
        ...totals(total),
        PassedThrough: outcome.passedThrough,
        Components: outcome.components.map((component) => ({ Component: component.component, ...totals(component) })),
        Layers: outcome.layers.map((layer) => ({
            Layer: file.layers.name[layer.layer],
            OldRank: layer.oldRank,
            NewRank: layer.newRank,
            RelativeErrorToLora: layer.relativeErrorToLora,
            RelativeErrorToBase: layer.relativeErrorToBase,
            FrobeniusRetention: layer.frobeniusRetention,
            Approximate: layer.isApproximate,
        })),
    };
}

const totals = (total) => ({
    OldRank: total.oldRank,
    NewRank: total.newRank,
    LayersKept: total.layersKept,
    LayersDropped: total.layersDropped,
    RelativeErrorToLora: total.relativeErrorToLora,
    RelativeErrorToBase: total.relativeErrorToBase,
    Retained: total.retained,
    FrobeniusRetention: total.frobeniusRetention,
    FrobeniusRetentionDeviation: total.frobeniusRetentionDeviation,
    Approximate: total.isApproximate,
});
