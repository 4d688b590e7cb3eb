// What a recipe selects of a file's layers: limits, scores, and the cut.

import { countWithoutScores, limitRank } from "./limits.js";
import { norm, normWhere } from "./norm.js";
import { isRanked } from "./recipe.js";
import { scoreDimensions } from "./scores.js";
import { Ranking, selectAbove } from "./selection.js";

// A goal that is met but for rounding is met.
const Rounding = 1e-12;

/**
 * @typedef {object} Choice
 * @property {import("./selection.js").Selection} selection
 * @property {Float64Array | null} scores the score of each singular value of the file before limits; null where nothing is scored
 */

/** Chooses dimensions of one file, and remembers the ranking of the recipe before, since most steps of a slider change the cut alone. */
export class Chooser {
    #file;
    #known = { key: "", scores: null, allowed: null, ranking: null };

    /** @param {import("./data.js").SpectrumFile} file */
    constructor(file) {
        this.#file = file;
    }

    /**
     * Chooses the dimensions that stay.
     * @param {import("./recipe.js").Recipe} recipe
     * @param {Int32Array} layers the layers that are resized
     * @param {(selection: import("./selection.js").Selection) => number} lengthOf the length of the file that a selection makes
     * @returns {Choice}
     */
    choose(recipe, layers, lengthOf) {
        if (!isRanked(recipe)) {
            return { selection: this.#byLimits(recipe, layers), scores: null };
        }

        const { scores, allowed } = this.#rank(recipe, layers);
        if (recipe.thr !== null) {
            return { selection: selectAbove(allowed, recipe.thr), scores };
        }

        const ranking = (this.#known.ranking ??= new Ranking(allowed));
        const meets = this.#goalOf(recipe, layers);
        const wanted = meets === null ? ranking.length : ranking.fewestThatMeet(meets);
        const limit = sizeLimit(recipe, this.#file.length);
        const count = limit === null ? wanted : ranking.mostThatFit((selection) => lengthOf(selection) <= limit, wanted);
        return { selection: ranking.take(count), scores };
    }

    /**
     * The ranking of a recipe's dimensions.
     * @param {import("./recipe.js").Recipe} recipe
     * @param {Int32Array} layers
     * @returns {Ranking}
     */
    ranking(recipe, layers) {
        this.#rank(recipe, layers);
        return (this.#known.ranking ??= new Ranking(this.#known.allowed));
    }

    #byLimits(recipe, layers) {
        const mask = new Uint8Array(this.#file.singular.length);
        for (const layer of layers) {
            const start = this.#file.start[layer];
            mask.fill(1, start, start + countWithoutScores(this.#file, recipe.limits, layer));
        }

        return { threshold: null, mask };
    }

    #rank(recipe, layers) {
        const key = JSON.stringify([[...recipe.weights], recipe.rescale, recipe.limits, [...layers].join()]);
        if (this.#known.key !== key) {
            const scores = scoreDimensions(this.#file, recipe, layers);
            const allowed = scores.slice();
            for (const layer of layers) {
                limitRank(this.#file, recipe.limits, layer, allowed);
            }

            this.#known = { key, scores, allowed, ranking: null };
        }

        return this.#known;
    }

    // What retain= and loss= ask, computed as the reported numbers are.
    #goalOf(recipe, layers) {
        const file = this.#file;
        if (recipe.retain !== null) {
            const total = norm(Array.from(layers, (layer) => file.frobenius[layer]));
            const allowed = (1 - recipe.retain) * (1 + Rounding);
            return (selection) => {
                const share = lostNorm(file, layers, selection.mask) / total;
                return share * share <= allowed;
            };
        }

        if (recipe.loss !== null) {
            const based = layers.filter((layer) => file.layers.baseFrobenius[layer] !== null);
            const total = norm(Array.from(based, (layer) => file.layers.baseFrobenius[layer]));
            const allowed = recipe.loss * (1 + Rounding);
            return (selection) => (lostNorm(file, based, selection.mask) * recipe.rescale) / total <= allowed;
        }

        return null;
    }
}

/**
 * The most bytes that a recipe allows an output; null where it says nothing of them.
 * @param {import("./recipe.js").Recipe} recipe
 * @param {number} inputLength
 * @returns {number | null}
 */
export function sizeLimit(recipe, inputLength) {
    const limits = [
        ...(recipe.size === null ? [] : [Math.floor(Math.min(recipe.size * 1048576, 2 ** 62))]),
        ...(recipe.keep === null ? [] : [Math.floor(Math.min(recipe.keep * inputLength, 2 ** 62))]),
    ];
    return limits.length === 0 ? null : Math.min(...limits);
}

function lostNorm(file, layers, mask) {
    return norm(Array.from(layers, (layer) => normWhere(file.singular, file.start[layer], file.start[layer + 1], mask, 0)));
}
