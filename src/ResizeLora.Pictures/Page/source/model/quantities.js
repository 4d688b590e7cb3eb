// What is shown of layers besides the exact numbers: what they are ordered by, and the totals of groups.

import { totalsOf } from "../exact/outcome.js";
import { scoreText, significant } from "./format.js";

/**
 * What layers are ordered by; null for the order of the file.
 * @param {string} order one of rows.js' Orders
 * @param {import("../exact/data.js").SpectrumFile} file
 * @param {Map<number, import("../exact/outcome.js").LayerOutcome>} outcomes by their layers
 * @returns {(layer: number) => number | string}
 */
export function orderOf(order, file, outcomes) {
    switch (order) {
        case "name":
            return (layer) => file.layers.name[layer];
        case "rank":
            return (layer) => outcomes.get(layer)?.newRank ?? -1;
        case "error":
            return (layer) => outcomes.get(layer)?.relativeErrorToLora ?? -1;
        case "largest":
            return (layer) => file.singular[file.start[layer]];
        case "saved":
            return (layer) => savedNumbers(file, layer, outcomes.get(layer));
        default:
            return (layer) => layer;
    }
}

/**
 * How many numbers of a layer's factors are gone.
 * @param {import("../exact/data.js").SpectrumFile} file
 * @param {number} layer
 * @param {import("../exact/outcome.js").LayerOutcome | undefined} outcome
 */
const savedNumbers = (file, layer, outcome) =>
    outcome === undefined ? 0 : (outcome.oldRank - outcome.newRank) * (file.layers.out[layer] + file.layers.in[layer]);

/**
 * The totals of a group of layers.
 * @param {import("../exact/data.js").SpectrumFile} file
 * @param {number[]} layers
 * @param {Map<number, import("../exact/outcome.js").LayerOutcome>} outcomes
 */
export function groupTotals(file, layers, outcomes) {
    const own = layers.map((layer) => outcomes.get(layer)).filter((outcome) => outcome !== undefined);
    return own.length === 0 ? null : totalsOf(file, own, 1);
}

/**
 * How a layer is announced.
 * @param {import("../exact/data.js").SpectrumFile} file
 * @param {number} layer
 * @param {import("../exact/outcome.js").LayerOutcome | undefined} outcome
 * @param {(share: number) => string} percent
 */
export function describeLayer(file, layer, outcome, percent) {
    const rank = file.layers.rank[layer];
    return outcome === undefined
        ? `rank ${rank}, not resized`
        : `rank ${rank} to ${outcome.newRank}, error ${percent(outcome.relativeErrorToLora)}`;
}

/**
 * How a dimension of a layer is announced.
 * @param {import("../exact/data.js").SpectrumFile} file
 * @param {number} layer
 * @param {number} dimension from 0
 * @param {{ scores: Float64Array, mask: Uint8Array }} view
 */
export function describeDimension(file, layer, dimension, { scores, mask }) {
    const index = file.start[layer] + dimension;
    return [
        `dimension ${dimension + 1} of ${file.layers.count[layer]}`,
        `σ ${significant(file.singular[index])}`,
        `score ${scoreText(scores[index])}`,
        mask[index] === 1 ? "kept" : "dropped",
    ].join(" · ");
}
