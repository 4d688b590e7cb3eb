// Recipes: which parts make one, and its text. The rules are those of ResizeRecipe.cs.

import { BaseScores, Counted, Cuts, Dynamic, Scores } from "./keys.js";
import { recipeText } from "./numbers.js";

/**
 * A recipe.
 * @typedef {object} Recipe
 * @property {Map<string, number>} weights the weights by their keys, normalised to sum 1; empty where plain σ or limits alone select
 * @property {number | null} thr
 * @property {number | null} retain
 * @property {number | null} loss
 * @property {number | null} keep
 * @property {number | null} size in MiB
 * @property {number} rescale
 * @property {RankLimits} limits
 */

/**
 * @typedef {object} RankLimits
 * @property {number | null} sv_ratio
 * @property {number | null} sv_fro
 * @property {number | null} sv_cumulative
 * @property {boolean} sv_knee
 * @property {"new" | "old" | null} sv_count
 * @property {number | null} rank
 * @property {number | null} conv_rank
 */

/** A recipe cannot be understood. */
export class RecipeError extends Error {
    /** @param {string} detail what is wrong with it */
    constructor(detail) {
        super(detail);
        this.name = "RecipeError";
    }
}

/** No limit. */
export const NoLimits = Object.freeze({
    sv_ratio: null,
    sv_fro: null,
    sv_cumulative: null,
    sv_knee: false,
    sv_count: null,
    rank: null,
    conv_rank: null,
});

/**
 * Makes a recipe from numbers.
 * @param {Partial<Omit<Recipe, "weights" | "limits">> & { weights?: Iterable<[string, number]>, limits?: Partial<RankLimits> }} parts
 * @returns {Recipe}
 * @throws {RecipeError}
 */
export function createRecipe(parts) {
    const limits = { ...NoLimits, ...parts.limits };
    const given = new Map(parts.weights ?? []);
    const weights = Scores.filter((key) => given.has(key)).map((key) => /** @type {[string, number]} */ ([key, given.get(key)]));
    const recipe = {
        thr: parts.thr ?? null,
        retain: parts.retain ?? null,
        loss: parts.loss ?? null,
        keep: parts.keep ?? null,
        size: parts.size ?? null,
        rescale: parts.rescale ?? 1,
    };
    checkLimits(limits);
    let sum = weights.reduce((total, [, weight]) => total + weight, 0);
    checkWeights(weights, sum, recipe, limits);
    checkCut(weights.length > 0, recipe, limits);

    // Weights that sum to 1 but for rounding stay as they are, so that a recipe's own text gives the recipe back.
    sum = Math.abs(sum - 1) <= 1e-9 ? 1 : sum;
    const normalised = weights.map(([key, weight]) => /** @type {[string, number]} */ ([key, weight / sum]));
    return {
        weights: new Map(normalised.filter(([, weight]) => weight !== 0)),
        ...recipe,
        limits: { ...limits, sv_count: limits.sv_count === "new" ? null : limits.sv_count },
    };
}

/**
 * Whether dimensions are ranked by a score; where they are not, limits alone select and the first ones stay.
 * @param {Recipe} recipe
 */
export const isRanked = (recipe) =>
    recipe.weights.size > 0 || [recipe.retain, recipe.loss, recipe.keep, recipe.size].some((cut) => cut !== null);

/**
 * Whether a base model is needed.
 * @param {Recipe} recipe
 */
export const needsBase = (recipe) => recipe.loss !== null || BaseScores.some((key) => recipe.weights.has(key));

/**
 * The recipe in the grammar, with normalised weights, as ResizeRecipe.ToString writes it.
 * @param {Recipe} recipe
 * @returns {string}
 */
export function recipeToText(recipe) {
    const { limits } = recipe;
    const numbers = [
        ...recipe.weights,
        ["rescale", recipe.rescale === 1 ? null : recipe.rescale],
        ...Cuts.map((key) => [key, recipe[key]]),
        ...Counted.map((key) => [key, limits[key]]),
    ];
    return [
        ...numbers.filter(([, value]) => value !== null).map(([key, value]) => `${key}=${recipeText(value)}`),
        ...(limits.sv_knee ? ["sv_knee"] : []),
        ...(limits.sv_count === null ? [] : [`sv_count=${limits.sv_count}`]),
        ...["rank", "conv_rank"].filter((key) => limits[key] !== null).map((key) => `${key}=${limits[key]}`),
    ].join(",");
}

const hasLimits = (limits) => Object.values(limits).some((value) => value !== null && value !== false);

function checkWeights(weights, sum, recipe, limits) {
    if (weights.some(([, weight]) => !Number.isFinite(weight)) || !Number.isFinite(sum)) {
        throw new RecipeError("a weight, or their sum, is not a finite number.");
    }

    const cutsPlainValues = [recipe.retain, recipe.loss, recipe.keep, recipe.size].some((cut) => cut !== null);
    const needsScore = recipe.thr !== null || (!cutsPlainValues && !hasLimits(limits));
    if (!(sum > 0) && (weights.length > 0 || needsScore)) {
        throw new RecipeError(`at least one score is needed (${Scores.join(", ")}), and the weights must sum to more than zero.`);
    }
}

function checkCut(hasScores, recipe, limits) {
    const { thr, retain, loss, keep, size } = recipe;
    const exclusive = [
        ["thr", thr],
        ["retain", retain],
        ["loss", loss],
        ["keep", thr === null ? null : keep],
        ["size", thr === null ? null : size],
    ].filter(([, value]) => value !== null);
    if (exclusive.length > 1) {
        throw new RecipeError(`'${exclusive[0][0]}=' and '${exclusive[1][0]}=' exclude each other.`);
    }

    if (hasScores && [thr, retain, loss, keep, size].every((value) => value === null)) {
        throw new RecipeError("it weighs scores but does not say where to cut them.");
    }

    if (Number.isNaN(thr)) {
        throw new RecipeError("'thr=' is not a number.");
    }

    if (retain !== null && !(retain > 0 && retain <= 1)) {
        throw new RecipeError("'retain=' is a share, a number above 0 and not above 1.");
    }

    requirePositive("loss", loss, "a number above zero");
    requirePositive("keep", keep, "a number above zero");
    requirePositive("size", size, "a number of MiB above zero");
    requirePositive("rescale", recipe.rescale, "a number above zero");
}

function requirePositive(key, value, what) {
    if (value !== null && !(value > 0 && Number.isFinite(value))) {
        throw new RecipeError(`'${key}=' must be ${what}.`);
    }
}

function checkLimits(limits) {
    const dynamic = Dynamic.filter((key) => limits[key] !== null && limits[key] !== false);
    if (dynamic.length > 1) {
        throw new RecipeError(`${dynamic.map((key) => (key === "sv_knee" ? "'sv_knee'" : `'${key}='`)).join(" and ")} exclude each other.`);
    }

    if (limits.sv_count !== null && !Counted.includes(dynamic[0])) {
        throw new RecipeError(`'sv_count=' says how ${Counted.join(", ")} count, and needs one of them beside it.`);
    }

    if (limits.sv_ratio !== null && !(limits.sv_ratio >= 1)) {
        throw new RecipeError("'sv_ratio=' is the largest singular value over the smallest that stays, a number of at least 1.");
    }

    const share = limits.sv_fro ?? limits.sv_cumulative;
    if (share !== null && !(share > 0 && share <= 1)) {
        throw new RecipeError(`'${dynamic[0]}=' is a share, a number above 0 and not above 1.`);
    }

    for (const key of ["rank", "conv_rank"]) {
        if (limits[key] !== null && !(limits[key] >= 1 && limits[key] <= 2147483647 && Number.isInteger(limits[key]))) {
            throw new RecipeError(`'${key}=' must be a whole number of at least 1.`);
        }
    }
}
