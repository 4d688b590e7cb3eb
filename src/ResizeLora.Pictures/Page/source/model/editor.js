// What the controls hold: more than a recipe says, since a number that is out of use for now should be there again later.

import { Counted, Cuts, Scores } from "../exact/keys.js";
import { createRecipe, NoLimits, recipeToText, RecipeError } from "../exact/recipe.js";

/**
 * @typedef {object} Editor
 * @property {Record<string, number>} weights
 * @property {"thr" | "retain" | "loss" | "size" | "keep" | "none"} cut
 * @property {Record<string, number>} cuts the number of each cut
 * @property {{ size: boolean, keep: boolean }} also sizes that limit besides
 * @property {string} method "none", or a key of keys.js' Dynamic
 * @property {Record<string, number>} methods the number of each method
 * @property {boolean} countsOld
 * @property {Record<"rank" | "conv_rank", { isOn: boolean, value: number }>} ranks
 * @property {number} rescale
 */

/** What the controls hold before anything is chosen. */
export const Initial = Object.freeze({
    weights: Object.fromEntries(Scores.map((key) => [key, 0])),
    cut: "none",
    cuts: { thr: -1.2, retain: 0.98, loss: 0.01, size: 32, keep: 0.25 },
    also: { size: false, keep: false },
    method: "none",
    methods: { sv_ratio: 10, sv_fro: 0.9, sv_cumulative: 0.9 },
    countsOld: false,
    ranks: { rank: { isOn: false, value: 32 }, conv_rank: { isOn: false, value: 16 } },
    rescale: 1,
});

/**
 * The recipe that the controls make.
 * @param {Editor} editor
 * @returns {import("../exact/recipe.js").Recipe}
 * @throws {import("../exact/recipe.js").RecipeError}
 */
export function recipeOf(editor) {
    if (isIdle(editor)) {
        throw new RecipeError("limits alone select, and there is none: choose a method or a highest rank.");
    }

    return createRecipe(partsOf(editor));
}

/**
 * What the controls say where they make no recipe, in the grammar of recipes.
 * @param {Editor} editor
 * @returns {string}
 */
export function draftOf(editor) {
    const parts = partsOf(editor);
    return recipeToText({ ...parts, weights: new Map(parts.weights), limits: { ...NoLimits, ...parts.limits } });
}

/**
 * The controls with another cut, and with what that cut cannot do without: a score for a threshold, a limit for limits alone.
 * @param {Editor} editor
 * @param {Editor["cut"]} cut
 * @param {import("../exact/data.js").SpectrumFile} file
 * @returns {Partial<Editor>} what changes
 */
export function chooseCut(editor, cut, file) {
    if (cut === "thr" && Object.values(editor.weights).every((weight) => weight === 0)) {
        return { cut, weights: { ...editor.weights, [file.hasBase ? "spn_ckpt" : "spn_lora"]: 1 } };
    }

    return cut === "none" && isIdle({ ...editor, cut })
        ? { cut, ranks: { ...editor.ranks, rank: { isOn: true, value: Math.max(...file.layers.count) } } }
        : { cut };
}

const isIdle = ({ cut, method, ranks }) => cut === "none" && method === "none" && !ranks.rank.isOn && !ranks.conv_rank.isOn;

function partsOf(editor) {
    const isSized = (key) => editor.cut === key || (alsoAllowed(editor, key) && editor.also[key]);
    const rank = (key) => (editor.ranks[key].isOn ? editor.ranks[key].value : null);
    return {
        // Without a cut weights would be idle, and a recipe of them is none.
        weights: editor.cut === "none" ? [] : Object.entries(editor.weights).filter(([, weight]) => weight !== 0),
        ...Object.fromEntries(["thr", "retain", "loss"].map((key) => [key, editor.cut === key ? editor.cuts[key] : null])),
        ...Object.fromEntries(["size", "keep"].map((key) => [key, isSized(key) ? editor.cuts[key] : null])),
        rescale: editor.rescale,
        limits: {
            ...Object.fromEntries(Counted.map((key) => [key, editor.method === key ? editor.methods[key] : null])),
            sv_knee: editor.method === "sv_knee",
            sv_count: editor.countsOld && Counted.includes(editor.method) ? "old" : null,
            rank: rank("rank"),
            conv_rank: rank("conv_rank"),
        },
    };
}

/**
 * Whether a size may limit beside the chosen cut.
 * @param {Editor} editor
 * @param {"size" | "keep"} key
 */
export const alsoAllowed = (editor, key) => editor.cut !== key && ["retain", "loss", "size", "keep"].includes(editor.cut);

/**
 * The controls as a recipe sets them; numbers that it does not say stay.
 * @param {import("../exact/recipe.js").Recipe} recipe
 * @param {Editor} editor
 * @returns {Editor}
 */
export function editorOf(recipe, editor) {
    const cut = Cuts.find((key) => recipe[key] !== null) ?? "none";
    const { limits } = recipe;
    const method = limits.sv_knee ? "sv_knee" : (Counted.find((key) => limits[key] !== null) ?? "none");
    const rank = (key) => ({ isOn: limits[key] !== null, value: limits[key] ?? editor.ranks[key].value });
    return {
        weights: Object.fromEntries(Scores.map((key) => [key, recipe.weights.get(key) ?? 0])),
        cut,
        cuts: Object.fromEntries(Cuts.map((key) => [key, recipe[key] ?? editor.cuts[key]])),
        also: { size: cut !== "size" && recipe.size !== null, keep: cut !== "keep" && recipe.keep !== null },
        method,
        methods: Object.fromEntries(Counted.map((key) => [key, limits[key] ?? editor.methods[key]])),
        countsOld: limits.sv_count === "old",
        ranks: { rank: rank("rank"), conv_rank: rank("conv_rank") },
        rescale: recipe.rescale,
    };
}
