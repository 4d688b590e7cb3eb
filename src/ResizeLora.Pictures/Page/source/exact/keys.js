// The keys of recipes, in the order in which recipes are printed.

/** The scores. */
export const Scores = ["spn_ckpt", "spn_lora", "fro_ckpt", "fro_lora", "subspace", "params"];

/** The scores that measure against the base model. */
export const BaseScores = ["spn_ckpt", "fro_ckpt", "subspace"];

/** Where to cut the scores. */
export const Cuts = ["thr", "retain", "loss", "size", "keep"];

/** The methods of other programs, of which a recipe has one at most. */
export const Dynamic = ["sv_ratio", "sv_fro", "sv_cumulative", "sv_knee"];

/** Those of kohya's script, which come in two ways of counting. */
export const Counted = ["sv_ratio", "sv_fro", "sv_cumulative"];

/** What limits ranks and needs no score. */
export const Limits = [...Dynamic, "rank", "conv_rank"];

/** All keys. */
export const All = [...Scores, ...Cuts, "rescale", ...Limits, "sv_count"];

// No key is nearly as long. An address may hold a name of any length, and what it costs to compare grows with it.
const MostCompared = 40;

/**
 * The valid key that takes the fewest edits to reach from a mistyped one; a key spelled out or cut short is nearest of all.
 * @param {string} mistyped
 * @returns {string}
 */
export function nearestKey(mistyped) {
    const lower = mistyped.toLowerCase().slice(0, MostCompared);
    const isPart = (key) => lower !== "" && (lower.startsWith(key) || key.startsWith(lower));
    const distances = All.map((key) => (isPart(key) ? 0 : editDistance(lower, key)));
    return All[distances.indexOf(Math.min(...distances))];
}

// Levenshtein's distance, one row at a time.
function editDistance(left, right) {
    let row = Array.from({ length: right.length + 1 }, (_, at) => at);
    for (let i = 1; i <= left.length; i++) {
        const next = [i];
        for (let j = 1; j <= right.length; j++) {
            const replaced = row[j - 1] + (left[i - 1] === right[j - 1] ? 0 : 1);
            next[j] = Math.min(replaced, row[j] + 1, next[j - 1] + 1);
        }

        row = next;
    }

    return row[right.length];
}
