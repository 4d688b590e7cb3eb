// An outcome for programs, with the names of Measure-LoraResize's properties.

/**
 * @param {import("./data.js").SpectrumFile} file
 * @param {import("./measure.js").Outcome} outcome
 */
export function summaryOf(file, outcome) {
    const { threshold } = outcome;
    return {
        recipe: outcome.recipe,
        threshold: threshold === null || Number.isFinite(threshold) ? threshold : String(threshold),
        oldLength: outcome.oldLength,
        newLength: outcome.newLength,
        saved: outcome.saved,
        ...outcome.total,
        layersPassedThrough: outcome.passedThrough.length,
        passedThrough: outcome.passedThrough,
        components: outcome.components,
        layers: outcome.layers.map(({ layer, ...numbers }) => ({ layer: file.layers.name[layer], ...numbers })),
    };
}
