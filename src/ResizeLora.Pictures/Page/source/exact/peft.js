// How many bytes PEFT's settings take in the header of an output, where the ranks and alphas of its layers are brought up to date as
// PeftOutput.cs does.

import { roundTripText } from "./numbers.js";

/**
 * A pair of factors as the settings describe it.
 * @typedef {object} WrittenScale
 * @property {object} module of the page's data
 * @property {number} rank
 * @property {number} scale
 */

/**
 * The bytes of the settings' text.
 * @param {object} peft of the page's data
 * @param {WrittenScale[]} written the pairs that are written as factors, or passed through
 * @param {boolean} hasOthers whether there are layers besides, which the settings go on to describe
 * @returns {number}
 */
export function settingsLength(peft, written, hasOthers) {
    if (written.length === 0) {
        return peft.unchanged;
    }

    const entries = new Map(peft.entries);
    peft.components.forEach((component, index) => {
        const own = written.filter((scale) => scale.module.component === index);
        if (own.length > 0) {
            update(entries, component, own, hasOthers);
        }
    });
    return objectLength(entries);
}

function update(entries, component, written, hasOthers) {
    const ranks = new Map();
    const alphas = new Map();
    for (const { module, rank, scale } of written) {
        const alpha = scale * (hasOthers && component.isStabilised ? Math.sqrt(rank) : rank);
        ranks.set(module.name, module.bytes + String(rank).length);
        alphas.set(module.name, module.bytes + alphaText(alpha).length);
    }

    const set = (key, bytes) => entries.set(component.prefix + key, keyLength(component.prefix + key) + bytes);
    if (hasOthers) {
        addMissing(ranks, component.earlierRanks);
        addMissing(alphas, component.earlierAlphas);
    } else {
        // Readers that know no patterns take the scale of these two.
        const rank = component.rank > 0 ? component.rank : Math.max(...written.map(({ module }) => module.rank));
        set("r", String(rank).length);
        set("lora_alpha", String(rank).length);
        set("use_rslora", "false".length);
    }

    set("rank_pattern", objectLength(ranks));
    set("alpha_pattern", objectLength(alphas));
}

function addMissing(pattern, earlier) {
    for (const [module, bytes] of earlier) {
        if (!pattern.has(module)) {
            pattern.set(module, bytes);
        }
    }
}

const alphaText = (alpha) => (Number.isInteger(alpha) && Math.abs(alpha) < 2147483647 ? String(alpha) : roundTripText(alpha));

// Keys are ASCII words; their quotes take a backslash each.
const keyLength = (key) => key.length + '\\"\\":'.length;

// Braces, entries, and the commas between them.
const objectLength = (entries) => [...entries.values()].reduce((sum, bytes) => sum + bytes, 2 + Math.max(0, entries.size - 1));
