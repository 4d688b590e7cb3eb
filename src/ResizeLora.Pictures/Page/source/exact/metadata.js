// How many bytes the metadata of an output takes in its header: that of the input, and what a recipe writes into it.

import { Scores } from "./keys.js";
import { roundTripText } from "./numbers.js";
import { needsBase, recipeToText } from "./recipe.js";

/**
 * The bytes of "__metadata__":{…}.
 * @param {object} metadata the fixed lengths, as the page's data has them
 * @param {string} tool name and version, as resize_params has them
 * @param {import("./recipe.js").Recipe} recipe
 * @param {number | null} threshold the threshold that was found
 * @returns {number}
 */
export function metadataLength(metadata, tool, recipe, threshold) {
    const text = recipeToText(recipe);
    const number = (value) => (value === null || !Number.isFinite(value) ? "null" : roundTripText(value));
    const weights = Scores.map((key) => `"${key}":${number(recipe.weights.get(key) ?? 0)}`);
    const entries = [
        `"recipe_str":"${text}"`,
        `"weights":{${weights.join(",")}}`,
        `"target_size":${number(recipe.size)}`,
        `"threshold":${number(threshold)}`,
        `"rescale":${number(recipe.rescale)}`,
        `"tool":"${tool}"`,
        ...countEntry(recipe.limits),
    ];
    const tail = needsBase(recipe) ? metadata.parametersTailWithCheckpoint : metadata.parametersTail;
    return metadata.fixed + text.length + escapedLength(`{${entries.join(",")}`) + tail;
}

// Written even where it is the default, so that the file says how its ranks were counted.
function countEntry(limits) {
    const isCounted = limits.sv_ratio !== null || limits.sv_fro !== null || limits.sv_cumulative !== null;
    return isCounted ? [`"sv_count":"${limits.sv_count ?? "new"}"`] : [];
}

// Inside a JSON string every quote takes a backslash; the rest of these texts is plain ASCII.
const escapedLength = (text) => text.length + text.split('"').length - 1;
