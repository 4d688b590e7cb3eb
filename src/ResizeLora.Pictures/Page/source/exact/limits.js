// How many dimensions a layer keeps at most, whatever their scores: kohya's caps and dynamic methods, and the knee.

import { log10 } from "./logarithm.js";
import { isAbove } from "./selection.js";

// kohya's MIN_SV: a product of factors that is no larger counts as zero.
const NoProduct = 1e-6;

// A share that is reached but for rounding is reached.
const Rounding = 1e-12;

/**
 * The dimensions that stay where no score is asked: for each layer the first so many.
 * @param {import("./data.js").SpectrumFile} file
 * @param {import("./recipe.js").RankLimits} limits
 * @param {number} layer
 * @returns {number}
 */
export function countWithoutScores(file, limits, layer) {
    const count = isEmpty(file, layer) ? 1 : dynamicCount(file, limits, layer);
    return Math.min(count, capOf(file, limits, layer));
}

/**
 * Sets the scores beyond the limits of a layer to −∞, which nothing keeps: a dynamic method leaves the first dimensions, and of those a
 * cap leaves the best by score.
 * @param {import("./data.js").SpectrumFile} file
 * @param {import("./recipe.js").RankLimits} limits
 * @param {number} layer
 * @param {Float64Array} scores of the whole file; changed
 */
export function limitRank(file, limits, layer, scores) {
    const start = file.start[layer];
    const end = file.start[layer + 1];
    const count = dynamicCount(file, limits, layer);
    scores.fill(-Infinity, start + count, end);
    const cap = capOf(file, limits, layer);
    if (cap >= count) {
        return;
    }

    const value = (index) => (Number.isNaN(scores[index]) ? -Infinity : scores[index]);
    const order = Int32Array.from({ length: count }, (_, dimension) => start + dimension);
    order.sort((left, right) => (value(left) === value(right) ? left - right : value(right) > value(left) ? 1 : -1));
    for (const index of order.subarray(cap)) {
        scores[index] = -Infinity;
    }
}

/**
 * Whether kohya's tool takes a layer for empty; it keeps one dimension of such a layer, by every method.
 * @param {import("./data.js").SpectrumFile} file
 * @param {number} layer
 */
const isEmpty = (file, layer) => file.product[file.start[layer]] <= NoProduct;

function capOf(file, limits, layer) {
    const isConvolution = file.layers.kind[layer] !== "Linear";
    return (isConvolution ? (limits.conv_rank ?? limits.rank) : limits.rank) ?? Infinity;
}

function dynamicCount(file, limits, layer) {
    const length = file.start[layer + 1] - file.start[layer];
    const asked = askedCount(file, limits, layer);
    if (asked === null) {
        return length;
    }

    if (isEmpty(file, layer)) {
        return 1;
    }

    const more = limits.sv_count === "old" && !limits.sv_knee ? 1 : 0;
    return Math.min(Math.max(asked, 1) + more, length);
}

function askedCount(file, limits, layer) {
    const values = file.product.subarray(file.start[layer], file.start[layer + 1]);
    if (limits.sv_ratio !== null) {
        return countAbove(file, layer, limits.sv_ratio);
    }

    if (limits.sv_fro !== null) {
        const largest = values[0];
        const square = (value) => (value / largest) * (value / largest);
        return countToShare(values, square, limits.sv_fro * limits.sv_fro);
    }

    if (limits.sv_cumulative !== null) {
        return countToShare(values, (value) => value, limits.sv_cumulative);
    }

    return limits.sv_knee ? kneeOf(values) : null;
}

// Counted as the score spn_lora=1,thr=-log10(ratio) does, so that both agree on a bound, too.
function countAbove(file, layer, ratio) {
    const { product } = file.logarithms();
    const largest = product[file.start[layer]];
    const bound = -log10(ratio);
    let count = 0;
    for (let index = file.start[layer]; index < file.start[layer + 1]; index++) {
        count += isAbove(product[index] - largest, bound) ? 1 : 0;
    }

    return count;
}

// How many of the largest it takes until their sum is no less than the share.
function countToShare(values, measure, share) {
    let total = 0;
    for (const value of values) {
        total += measure(value);
    }

    let sum = 0;
    let count = 0;
    while (count < values.length && sum < share * total * (1 - Rounding)) {
        sum += measure(values[count++]);
    }

    return count;
}

/**
 * The dimensions up to the point of the spectrum that is farthest from the chord between its ends.
 * @param {ArrayLike<number>} values σ of B·A, descending
 * @returns {number}
 */
export function kneeOf(values) {
    const length = values.length;
    const span = values[0] - values[length - 1];
    if (length <= 2 || span === 0) {
        return length;
    }

    let farthest = 0;
    let knee = 0;
    for (let index = 0; index < length; index++) {
        const along = index / (length - 1);
        const above = (values[index] - values[length - 1]) / span;
        const distance = Math.abs(above - (1 - along));
        if (distance > farthest) {
            farthest = distance;
            knee = index;
        }
    }

    return knee + 1;
}
