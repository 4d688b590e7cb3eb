// Scores of dimensions: log10(rescale·σᵢ) − Σ_k w_k·log10(ref_k), summed in the order of Scoring.cs.

import { log10 } from "./logarithm.js";
import { Scores } from "./keys.js";

/**
 * Scores every dimension of some layers.
 * @param {import("./data.js").SpectrumFile} file
 * @param {import("./recipe.js").Recipe} recipe
 * @param {Int32Array} layers which layers
 * @returns {Float64Array} a score for each singular value of the file; −∞ for those of other layers and for σ = 0
 */
export function scoreDimensions(file, recipe, layers) {
    const { start, singular } = file;
    const logarithms = file.logarithms();
    const scores = new Float64Array(singular.length).fill(-Infinity);
    const subspaceWeight = recipe.weights.get("subspace") ?? 0;
    for (const layer of layers) {
        // Nothing of a layer that is all zero is worth keeping, whatever it is measured against.
        if (singular[start[layer]] === 0) {
            continue;
        }

        const common = commonOf(file, recipe, layer);
        for (let index = start[layer]; index < start[layer + 1]; index++) {
            const subspace = subspaceWeight === 0 ? 0 : subspaceWeight * logarithms.subspace[index];
            scores[index] = singular[index] > 0 ? logarithms.singular[index] + common - subspace : -Infinity;
        }
    }

    return scores;
}

function commonOf(file, recipe, layer) {
    let common = log10(recipe.rescale);
    for (const key of Scores) {
        const weight = recipe.weights.get(key);
        if (weight !== undefined && key !== "subspace") {
            common -= weight * log10(referenceOf(file, key, layer));
        }
    }

    return common;
}

function referenceOf(file, key, layer) {
    const { layers } = file;
    switch (key) {
        case "spn_ckpt":
            return layers.baseSpectral[layer];
        case "fro_ckpt":
            return layers.baseFrobenius[layer];
        case "spn_lora":
            return file.singular[file.start[layer]];
        case "fro_lora":
            return file.frobenius[layer];
        default:
            return layers.out[layer] + layers.in[layer];
    }
}
