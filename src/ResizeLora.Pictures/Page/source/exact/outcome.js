// What a recipe makes of a file, in the numbers of ResizeOutcome.cs and LayerResult.cs.

import { norm, normWhere } from "./norm.js";

/**
 * The numbers of one layer that is resized.
 * @typedef {object} LayerOutcome
 * @property {number} layer its place in the file
 * @property {"Dropped" | "Pair" | "Stored" | "Reduced"} way how it is written
 * @property {number} oldRank
 * @property {number} newRank
 * @property {number} lost ‖ΔW − ΔW'‖F
 * @property {number} relativeErrorToLora
 * @property {number | null} relativeErrorToBase
 * @property {number | null} frobeniusRetention
 * @property {boolean} isApproximate whether magnitudes over a base model make the loss another one than the singular values say
 */

/**
 * The numbers of several layers together.
 * @typedef {object} Totals
 * @property {number} oldRank
 * @property {number} newRank
 * @property {number} layersKept
 * @property {number} layersDropped
 * @property {number} relativeErrorToLora
 * @property {number | null} relativeErrorToBase
 * @property {number} retained
 * @property {number} frobeniusRetention
 * @property {number} frobeniusRetentionDeviation
 * @property {boolean} isApproximate
 */

/**
 * The numbers of a layer.
 * @param {import("./data.js").SpectrumFile} file
 * @param {number} layer
 * @param {LayerOutcome["way"]} way
 * @param {Uint8Array} mask the dimensions that its form keeps
 * @param {number} rescale
 * @returns {LayerOutcome}
 */
export function layerOutcome(file, layer, way, mask, rescale) {
    const start = file.start[layer];
    const end = file.start[layer + 1];
    let newRank = 0;
    for (let index = start; index < end; index++) {
        newRank += mask[index];
    }

    const lost = normWhere(file.singular, start, end, mask, 0);
    const change = file.change[layer];
    const baseNorm = file.layers.baseFrobenius[layer];
    const frobenius = file.frobenius[layer];
    return {
        layer,
        way,
        oldRank: file.layers.rank[layer],
        newRank,
        lost,
        relativeErrorToLora: change > 0 ? lost / change : 0,
        relativeErrorToBase: baseNorm !== null && baseNorm > 0 ? (lost * rescale) / baseNorm : null,
        frobeniusRetention: frobenius === 0 ? null : normWhere(file.singular, start, end, mask, 1) / frobenius,
        isApproximate: newRank < end - start && isApproximated(file, layer),
    };
}

/**
 * Whether what a layer loses is seen over its base weight alone, so that the singular values say it nearly.
 * @param {import("./data.js").SpectrumFile} file
 * @param {number} layer
 */
const isApproximated = (file, layer) => (file.layers.changeNorm?.[layer] ?? null) !== null;

/**
 * The numbers of layers together.
 * @param {import("./data.js").SpectrumFile} file
 * @param {LayerOutcome[]} layers
 * @param {number} rescale
 * @returns {Totals}
 */
export function totalsOf(file, layers, rescale) {
    const change = norm(layers.map(({ layer }) => file.change[layer]));
    const lost = norm(layers.map((layer) => layer.lost));
    const based = layers.filter(({ layer }) => file.layers.baseFrobenius[layer] !== null);
    const base = norm(based.map(({ layer }) => file.layers.baseFrobenius[layer]));
    const lostOfBased = norm(based.map((layer) => layer.lost)) * rescale;
    const kept = layers.filter((layer) => layer.newRank > 0).length;
    return {
        oldRank: layers.reduce((sum, layer) => sum + layer.oldRank, 0),
        newRank: layers.reduce((sum, layer) => sum + layer.newRank, 0),
        layersKept: kept,
        layersDropped: layers.length - kept,
        relativeErrorToLora: change > 0 ? lost / change : 0,
        relativeErrorToBase: base > 0 ? lostOfBased / base : null,
        retained: retainedOf(file, layers, lost),
        ...kohyaRetention(layers),
        isApproximate: layers.some((layer) => layer.isApproximate),
    };
}

// The share of the squared norm of σ that stays, which is what retain= asks for.
function retainedOf(file, layers, lost) {
    const total = norm(layers.map(({ layer }) => file.frobenius[layer]));
    const share = total > 0 ? lost / total : 0;
    return 1 - share * share;
}

// kohya's script leaves layers out of its average that have nothing to retain.
function kohyaRetention(layers) {
    const retained = layers.map((layer) => layer.frobeniusRetention).filter((value) => value !== null);
    if (retained.length === 0) {
        return { frobeniusRetention: 1, frobeniusRetentionDeviation: 0 };
    }

    const average = retained.reduce((sum, value) => sum + value, 0) / retained.length;
    const squares = retained.reduce((sum, value) => sum + (value - average) * (value - average), 0);
    return { frobeniusRetention: average, frobeniusRetentionDeviation: Math.sqrt(squares / retained.length) };
}
