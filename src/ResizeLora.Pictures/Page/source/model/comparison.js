// Which way to cut loses the least at a size.

import { mebibytes, nearPercent, roughPercent } from "./format.js";

/**
 * Errors of several ways at one size, the least first: exact where a recipe was measured at the size, and "about" between points.
 * @param {{ name: string, points: import("../exact/front.js").FrontPoint[] }[]} fronts
 * @param {Map<string, import("../exact/front.js").FrontPoint>} measured by their names
 * @param {number} length the size in bytes
 * @param {"errorToLora" | "errorToBase"} y which error
 * @returns {string} empty where nothing is known yet
 */
export function compareAt(fronts, measured, length, y) {
    const known = fronts
        .map(({ name, points }) => knownError(name, points, measured.get(name), length, y))
        .filter(({ error }) => error !== null)
        .sort((left, right) => left.error - right.error);
    return known.length === 0 ? "" : `At ${mebibytes(length)} or less: ${known.map(({ name, text }) => `${name} ${text}`).join(", ")}.`;
}

function knownError(name, points, measured, length, y) {
    if (measured !== undefined) {
        return { name, error: measured[y], text: nearPercent(measured[y], measured.isApproximate) };
    }

    const error = errorBetween(points, length, y);
    return { name, error, text: error === null ? "" : `about ${roughPercent(error)}` };
}

function errorBetween(points, length, y) {
    const ordered = points.filter((point) => point[y] !== null).sort((left, right) => left.length - right.length);
    const above = ordered.findIndex((point) => point.length >= length);
    if (above < 0 || (above === 0 && ordered[0].length > length)) {
        return null;
    }

    const [one, other] = [ordered[Math.max(0, above - 1)], ordered[above]];
    const share = other.length === one.length ? 1 : (length - one.length) / (other.length - one.length);
    return one[y] + share * (other[y] - one[y]);
}
