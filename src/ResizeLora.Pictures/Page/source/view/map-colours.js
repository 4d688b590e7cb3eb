// What a map is painted from, and the colour of each of its pixels.

import { RampLength } from "../model/ramp.js";

/**
 * What a map is painted from.
 * @typedef {object} MapView
 * @property {import("../exact/data.js").SpectrumFile} file
 * @property {Map<number, import("../exact/outcome.js").LayerOutcome>} outcomes
 * @property {ReadonlySet<string>} leftOut keys of the blocks that are left out
 * @property {Float64Array} scores
 * @property {Uint8Array} mask
 * @property {{ low: number, high: number }} range
 * @property {{ kept: Uint32Array, dropped: Uint32Array }} ramp
 * @property {number[]} chosen
 * @property {boolean} hasNames whether rows are high enough for names
 * @property {number} width how many dimensions the widest layer has
 */

/**
 * The colour of a dimension.
 * @param {MapView} view
 * @param {number} index its place among the file's singular values
 * @returns {number} a pixel
 */
export function colourOfDimension({ scores, mask, range, ramp }, index) {
    const share = (scores[index] - range.low) / (range.high - range.low);
    const place = share > 0 ? Math.min(RampLength - 1, Math.floor(share * RampLength)) : 0;
    return mask[index] === 1 ? ramp.kept[place] : ramp.dropped[place];
}
