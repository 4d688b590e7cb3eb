// Selects dimensions by their scores, as DimensionSelector.cs does.

// In decades; 1e-12 of a singular value. A score that went through a power of ten is no more exact.
const Rounding = 4e-13;

/**
 * Which dimensions stay.
 * @typedef {object} Selection
 * @property {number | null} threshold the score that separates; −∞ when nothing was cut, null when nothing was scored
 * @property {Uint8Array} mask for each singular value of the file 1 where it stays
 */

/**
 * Whether a score is strictly above a threshold; what is equal but for rounding is equal.
 * @param {number} score
 * @param {number} threshold
 */
export const isAbove = (score, threshold) => score > threshold + Rounding;

/**
 * Keeps every dimension whose score is strictly above a threshold.
 * @param {Float64Array} scores −∞ for what is never kept
 * @param {number} threshold
 * @returns {Selection}
 */
export function selectAbove(scores, threshold) {
    const mask = new Uint8Array(scores.length);
    for (let index = 0; index < scores.length; index++) {
        mask[index] = isAbove(scores[index], threshold) ? 1 : 0;
    }

    return { threshold, mask };
}

/** Dimensions in the order in which they are kept: the highest score first; of equal ones the earlier layer's and the lower dimension's. */
export class Ranking {
    #scores;
    #sorted;

    /** @param {Float64Array} scores −∞ and NaN for what is never kept */
    constructor(scores) {
        this.#scores = scores;
        this.#sorted = scores.filter((score) => score > -Infinity).sort();
    }

    /** How many dimensions can be kept. */
    get length() {
        return this.#sorted.length;
    }

    /**
     * The first dimensions.
     * @param {number} count
     * @returns {Selection}
     */
    take(count) {
        const scores = this.#scores;
        const sorted = this.#sorted;
        const mask = new Uint8Array(scores.length);
        const threshold = count < sorted.length ? sorted[sorted.length - 1 - count] : -Infinity;
        if (count === 0) {
            return { threshold, mask };
        }

        const lowest = sorted[sorted.length - count];
        for (let index = 0; index < scores.length; index++) {
            mask[index] = Number(scores[index] >= lowest);
        }

        // Of equal scores the last ones go again.
        let excess = sorted.length - firstAtLeast(sorted, lowest) - count;
        for (let index = scores.length - 1; excess > 0; index--) {
            if (scores[index] === lowest) {
                mask[index] = 0;
                excess--;
            }
        }

        return { threshold, mask };
    }

    /**
     * How many dimensions fit.
     * @param {(selection: Selection) => boolean} fits
     * @param {number} highest how many are wanted at most
     * @returns {number}
     */
    mostThatFit(fits, highest = this.length) {
        return largest(highest, (count) => fits(this.take(count)));
    }

    /**
     * How few dimensions are good enough; all where none are.
     * @param {(selection: Selection) => boolean} isGoodEnough
     * @returns {number}
     */
    fewestThatMeet(isGoodEnough) {
        return largest(this.length, (count) => !isGoodEnough(this.take(count - 1)));
    }
}

// The largest number from 0 to the highest for which a condition holds that holds for all numbers below it. 0 is not asked.
function largest(highest, holds) {
    let below = 0;
    let above = highest + 1;
    while (above - below > 1) {
        const middle = Math.floor((below + above) / 2);
        if (holds(middle)) {
            below = middle;
        } else {
            above = middle;
        }
    }

    return below;
}

// The place of the first number in order that is not below a value.
function firstAtLeast(sorted, value) {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (sorted[middle] >= value) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }

    return low;
}
