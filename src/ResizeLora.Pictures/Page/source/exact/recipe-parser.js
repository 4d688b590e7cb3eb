// Reads recipes.

import { All, Counted, nearestKey, Scores } from "./keys.js";
import { parseNumber } from "./numbers.js";
import { createRecipe, RecipeError } from "./recipe.js";

/**
 * Parses a recipe such as spn_ckpt=0.7,params=0.3,size=32.
 * @param {string} text comma-separated keys with their values; a score without one weighs 1; case and blanks do not count
 * @returns {import("./recipe.js").Recipe}
 * @throws {RecipeError}
 */
export function parseRecipe(text) {
    const values = valuesOf(text);
    const number = (key) => (values.has(key) ? numberOf(key, values.get(key)) : null);
    return createRecipe({
        weights: Scores.filter((key) => values.has(key)).map((key) => [key, number(key)]),
        thr: number("thr"),
        retain: number("retain"),
        loss: number("loss"),
        keep: number("keep"),
        size: number("size"),
        rescale: number("rescale") ?? 1,
        limits: {
            ...Object.fromEntries(Counted.map((key) => [key, number(key)])),
            sv_knee: flag("sv_knee", values),
            sv_count: count(values),
            rank: number("rank"),
            conv_rank: number("conv_rank"),
        },
    });
}

function valuesOf(text) {
    const values = new Map();
    for (const part of text.split(",")) {
        const equals = part.indexOf("=");
        const name = (equals < 0 ? part : part.slice(0, equals)).trim();
        const key = name.toLowerCase();
        if (!All.includes(key)) {
            throw new RecipeError(
                key === ""
                    ? `a key is missing; the keys are ${All.join(", ")}.`
                    : `there is no key '${name}'; the nearest is '${nearestKey(key)}'.`,
            );
        }

        if (values.has(key)) {
            throw new RecipeError(`the key '${key}' is given twice.`);
        }

        values.set(key, equals < 0 ? "" : part.slice(equals + 1).trim());
    }

    return values;
}

function numberOf(key, value) {
    if (value === "") {
        if (Scores.includes(key)) {
            return 1;
        }

        throw new RecipeError(`the key '${key}' needs a value.`);
    }

    const number = parseNumber(value);
    if (number === null) {
        throw new RecipeError(`the value '${value}' of '${key}' is not a number.`);
    }

    return number;
}

function flag(key, values) {
    if (values.has(key) && values.get(key) !== "") {
        throw new RecipeError(`'${key}' takes no number.`);
    }

    return values.has(key);
}

function count(values) {
    const value = values.get("sv_count")?.toLowerCase();
    if (value !== undefined && value !== "new" && value !== "old") {
        throw new RecipeError("'sv_count=' is 'new' or 'old'.");
    }

    return value ?? null;
}
