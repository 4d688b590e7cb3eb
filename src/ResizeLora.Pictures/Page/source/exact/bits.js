// The two halves of a double's bits, whatever the order of bytes of the machine.

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);
const High = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * Sign, exponent and the upper 20 bits of the fraction.
 * @param {number} value
 * @returns {number}
 */
export function highWord(value) {
    number[0] = value;
    return words[High];
}

/**
 * The number with its upper half replaced.
 * @param {number} value
 * @param {number} word
 * @returns {number}
 */
export function withHighWord(value, word) {
    number[0] = value;
    words[High] = word;
    return number[0];
}

/**
 * The number with the lower half of its bits at zero.
 * @param {number} value
 * @returns {number}
 */
export function withoutLowWord(value) {
    number[0] = value;
    words[1 - High] = 0;
    return number[0];
}
