// √Σxᵢ² as EuclideanNorm.cs computes it: scaled by a power of two, which rounds nothing, and summed in the order of the values.

import { highWord } from "./bits.js";

/**
 * The exponent of the highest bit of a number that is neither 0 nor infinite.
 * @param {number} value
 * @returns {number}
 */
export function exponentOf(value) {
    const biased = (highWord(value) >>> 20) & 0x7ff;
    return biased > 0 ? biased - 1023 : ((highWord(value * 2 ** 54) >>> 20) & 0x7ff) - 1023 - 54;
}

/**
 * value · 2^exponent, rounded once.
 * @param {number} value
 * @param {number} exponent
 * @returns {number}
 */
export function scale(value, exponent) {
    if (exponent >= -1022 && exponent <= 1023) {
        return value * 2 ** exponent;
    }

    // The exponents here are those of doubles, so that two steps are enough; only the second may leave the range and round.
    const step = exponent > 0 ? 1023 : -969;
    return value * 2 ** step * 2 ** (exponent - step);
}

/**
 * The norm of the values at which the mask is what is asked, between two places.
 * @param {ArrayLike<number>} values
 * @param {number} start
 * @param {number} end
 * @param {Uint8Array | null} mask which values are counted, or null for all of them
 * @param {number} wanted 0 or 1
 * @returns {number}
 */
export function normWhere(values, start, end, mask, wanted) {
    let largest = 0;
    for (let index = start; index < end; index++) {
        if (mask === null || mask[index] === wanted) {
            const size = Math.abs(values[index]);
            largest = size > largest ? size : largest;
        }
    }

    if (largest === 0 || !Number.isFinite(largest)) {
        return largest;
    }

    const exponent = exponentOf(largest);
    const isPlain = exponent >= -1022 && exponent <= 1022;
    const factor = isPlain ? 2 ** -exponent : 0;
    let squares = 0;
    for (let index = start; index < end; index++) {
        if (mask === null || mask[index] === wanted) {
            const scaled = isPlain ? values[index] * factor : scale(values[index], -exponent);
            squares += scaled * scaled;
        }
    }

    return scale(Math.sqrt(squares), exponent);
}

/**
 * The norm of all values.
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export const norm = (values) => normWhere(values, 0, values.length, null, 1);
