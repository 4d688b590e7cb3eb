// Sliders count whole steps: a number of steps divided by a whole number is a short decimal, where adding up 0.1 is not.

/**
 * The scale of a slider: value = steps / perUnit.
 * @typedef {object} SliderScale
 * @property {number} lowest
 * @property {number} highest
 * @property {number} perUnit how many steps make one
 */

/**
 * A scale of about as many steps as a slider has pixels.
 * @param {number} lowest
 * @param {number} highest above the lowest
 * @param {number} steps how many at most
 * @returns {SliderScale}
 */
export function niceScale(lowest, highest, steps = 400) {
    const finest = (highest - lowest) / steps;
    const power = Math.ceil(Math.log10(finest));
    const step = [0.2, 0.5, 1].map((part) => part * 10 ** power).find((candidate) => candidate >= finest * (1 - 1e-9));
    const perUnit = step >= 1 ? 1 : Math.round(1 / step);
    return { lowest: Math.floor(lowest * perUnit) / perUnit, highest: Math.ceil(highest * perUnit) / perUnit, perUnit };
}

/**
 * A scale of values above zero, which begins one step above it.
 * @param {number} highest
 * @returns {SliderScale}
 */
export function positiveScale(highest) {
    const scale = niceScale(0, highest);
    return { ...scale, lowest: 1 / scale.perUnit };
}

/**
 * The value of a slider.
 * @param {SliderScale} scale
 * @param {number} steps
 */
export const valueOf = (scale, steps) => Math.round(steps) / scale.perUnit;

/**
 * Where a slider stands for a value; at an end where the value lies beyond.
 * @param {SliderScale} scale
 * @param {number} value
 */
export const stepsOf = (scale, value) => Math.round(Math.min(Math.max(value, scale.lowest), scale.highest) * scale.perUnit);
