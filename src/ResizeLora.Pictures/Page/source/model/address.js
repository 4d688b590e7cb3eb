// The state in the address behind #, so that a link or a reload keeps it.

/**
 * @typedef {object} AddressState
 * @property {string} recipe
 * @property {number} file
 * @property {string[][]} leftOut for each file the keys of the blocks that are left out
 */

/**
 * The text behind #.
 * @param {AddressState} state
 * @returns {string}
 */
export function addressOf({ recipe, file, leftOut }) {
    const parts = new URLSearchParams({ recipe });
    if (file > 0) {
        parts.set("file", String(file + 1));
    }

    leftOut.forEach((keys, index) => keys.forEach((key) => parts.append(`out${index + 1}`, key)));
    return parts.toString();
}

/**
 * Reads the text behind #; what it does not say is null or empty.
 * @param {string} text of anybody
 * @param {number} fileCount
 * @returns {{ recipe: string | null, file: number, leftOut: string[][] }}
 */
export function readAddress(text, fileCount) {
    const parts = new URLSearchParams(text.replace(/^#/, ""));
    const file = Number(parts.get("file") ?? 1) - 1;
    return {
        recipe: parts.get("recipe"),
        file: Number.isInteger(file) && file >= 0 && file < fileCount ? file : 0,
        leftOut: Array.from({ length: fileCount }, (_, index) => parts.getAll(`out${index + 1}`)),
    };
}
