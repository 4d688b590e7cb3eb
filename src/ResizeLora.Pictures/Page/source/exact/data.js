// The data of a page, made ready for arithmetic. It is written by the C# beside this folder, which says what each entry is.

import { log10 } from "./logarithm.js";
import { normWhere } from "./norm.js";

/**
 * A file of the page.
 * @typedef {object} SpectrumFile
 * @property {string} name
 * @property {string} path
 * @property {string[]} checkpoints
 * @property {number} length
 * @property {object} source the file as the page's data has it
 * @property {object} layers the columns of its layers
 * @property {number} count how many layers
 * @property {Int32Array} start where each layer's singular values begin, and behind the last where they end
 * @property {Float64Array} product σ of B·A, one layer after another
 * @property {Float64Array} singular σ of ΔW
 * @property {Float64Array} frobenius ‖ΔW‖F of each layer
 * @property {Float64Array} change what each layer's errors are relative to
 * @property {Float64Array | null} subspace |uᵢᵀWvᵢ|
 * @property {Int32Array[]} seconds of Kronecker products: the second half's index of each dimension, by layer
 * @property {boolean} hasBase whether any layer has a base weight
 * @property {() => Logarithms} logarithms
 */

/**
 * @typedef {object} Logarithms
 * @property {Float64Array} singular log10 of σ of ΔW
 * @property {Float64Array} product log10 of σ of B·A
 * @property {Float64Array | null} subspace
 */

/**
 * Makes a file of the page's data ready.
 * @param {object} source
 * @returns {SpectrumFile}
 */
export function openFile(source) {
    const { layers } = source;
    const count = layers.name.length;
    const start = new Int32Array(count + 1);
    for (let layer = 0; layer < count; layer++) {
        start[layer + 1] = start[layer] + layers.count[layer];
    }

    const product = decodeDoubles(source.singularValues);
    const singular = new Float64Array(product.length);
    const frobenius = new Float64Array(count);
    const change = new Float64Array(count);
    for (let layer = 0; layer < count; layer++) {
        for (let index = start[layer]; index < start[layer + 1]; index++) {
            singular[index] = product[index] * layers.scale[layer];
        }

        frobenius[layer] = normWhere(singular, start[layer], start[layer + 1], null, 1);
        change[layer] = layers.changeNorm?.[layer] ?? frobenius[layer];
    }

    const subspace = source.subspaceScales === null || source.subspaceScales === undefined ? null : decodeDoubles(source.subspaceScales);
    let logarithms = null;
    return {
        name: source.name,
        path: source.path,
        checkpoints: source.checkpoints,
        length: source.length,
        source,
        layers,
        count,
        start,
        product,
        singular,
        frobenius,
        change,
        subspace,
        seconds: secondsOf(layers, count),
        hasBase: layers.baseFrobenius.some((value) => value !== null),
        logarithms: () =>
            (logarithms ??= {
                singular: singular.map(log10),
                product: product.map(log10),
                subspace: subspace?.map(log10) ?? null,
            }),
    };
}

/**
 * Doubles in base64, the low byte first.
 * @param {string} text
 * @returns {Float64Array}
 */
function decodeDoubles(text) {
    const view = decodeBytes(text);
    return Float64Array.from({ length: view.byteLength / 8 }, (_, index) => view.getFloat64(8 * index, true));
}

function decodeIntegers(text) {
    const view = decodeBytes(text);
    return Int32Array.from({ length: view.byteLength / 4 }, (_, index) => view.getInt32(4 * index, true));
}

function decodeBytes(text) {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let index = 0; index < bytes.length; index++) {
        bytes[index] = characters.charCodeAt(index);
    }

    return new DataView(bytes.buffer);
}

function secondsOf(layers, count) {
    const seconds = new Array(count).fill(null);
    for (const [layer, order] of Object.entries(layers.order ?? {})) {
        seconds[Number(layer)] = decodeIntegers(order.second);
    }

    return seconds;
}
