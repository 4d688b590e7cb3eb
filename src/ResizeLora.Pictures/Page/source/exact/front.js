// The sizes and errors that a way to cut can reach.

import { createRecipe } from "./recipe.js";
import { MeasureError } from "./measure.js";

/** The ways to cut whose fronts are drawn. */
export const Fronts = ["spn_ckpt", "spn_lora", "sv_fro"];

/**
 * One point of a front.
 * @typedef {object} FrontPoint
 * @property {number} length the size of the file
 * @property {number} errorToLora
 * @property {number | null} errorToBase
 * @property {boolean} isApproximate whether the errors are only near
 * @property {import("./recipe.js").Recipe} recipe what makes it
 */

/**
 * The points of a front one by one, so that the page can draw between them.
 * @param {import("./measure.js").Measurer} measurer
 * @param {string} front one of Fronts
 * @param {ReadonlySet<string>} leftOut
 * @param {number} count how many points
 * @returns {Generator<FrontPoint>}
 */
export function* frontPoints(measurer, front, leftOut, count) {
    for (let step = 1; step <= count; step++) {
        try {
            yield front === "sv_fro" ? pointByShare(measurer, leftOut, step / count) : pointByScore(measurer, front, leftOut, step / count);
        } catch (error) {
            if (!(error instanceof MeasureError)) {
                throw error;
            }
        }
    }
}

/**
 * What ranking by a score makes of a size, one point for each front that ranks.
 * @param {import("./measure.js").Measurer} measurer
 * @param {string[]} fronts some of Fronts
 * @param {ReadonlySet<string>} leftOut
 * @param {number} length the most bytes
 * @returns {Generator<[string, FrontPoint]>}
 */
export function* pointsAt(measurer, fronts, leftOut, length) {
    for (const front of fronts.filter((name) => name !== "sv_fro")) {
        try {
            yield [front, pointOf(measurer, leftOut, createRecipe({ weights: [[front, 1]], size: length / 1048576 }))];
        } catch (error) {
            if (!(error instanceof MeasureError)) {
                throw error;
            }
        }
    }
}

// More of the points lie where much is cut away: there the curves differ.
const spread = (position) => position * position;

function pointByScore(measurer, front, leftOut, position) {
    const weights = [[front, 1]];
    const thr = measurer.thresholdOf(createRecipe({ weights, thr: 0 }), leftOut, spread(position));
    return pointOf(measurer, leftOut, createRecipe({ weights, thr }));
}

function pointByShare(measurer, leftOut, position) {
    // A share near 1 keeps most dimensions, and most of the size lies there.
    return pointOf(measurer, leftOut, createRecipe({ limits: { sv_fro: Math.round((1 - (1 - position) ** 3) * 1e4) / 1e4 } }));
}

function pointOf(measurer, leftOut, recipe) {
    const { newLength, total } = measurer.measure(recipe, leftOut);
    return {
        length: newLength,
        errorToLora: total.relativeErrorToLora,
        errorToBase: total.relativeErrorToBase,
        isApproximate: total.isApproximate,
        recipe,
    };
}
