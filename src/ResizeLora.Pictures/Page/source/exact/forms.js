// How each pair of factors is written: as it is, as a LoKr whose second half is cut, or as a pair of factors. OutputForm.cs decides alike.

import { byteLength } from "./layout.js";

/**
 * How the layers of a pair are written.
 * @typedef {object} Form
 * @property {"Dropped" | "Pair" | "Stored" | "Reduced"} way
 * @property {number} rank what -1 in the shapes of its tensors stands for
 * @property {import("./layout.js").TensorShape[]} tensors
 */

/**
 * The tensors of every form of a pair, from which one is chosen.
 * @param {object} source the file as the page's data has it
 * @param {object} pair a pair of it
 */
export function formTensors(source, pair) {
    const { alpha, reducedAlpha } = pair;
    return [
        ...(pair.passed ?? []),
        ...pair.pair,
        ...pair.copied,
        ...[alpha, reducedAlpha].flatMap((tensor) => (tensor ? alphaForms(source, tensor) : [])),
        ...(pair.stored ? [...pair.stored.same, ...pair.stored.rescaled] : []),
        ...(pair.reduced ?? []),
    ];
}

const alphaForms = (source, alpha) => [source.outputType, source.wideType].map((type) => [alpha.name, type, ...alpha.shape]);

/**
 * Chooses the form of a pair.
 * @param {import("./data.js").SpectrumFile} file
 * @param {object} pair a pair of the file's data
 * @param {number[]} layers which of its layers take part
 * @param {number} rank how many dimensions of them are kept
 * @param {Uint8Array} mask which ones
 * @param {number} rescale
 * @returns {Form}
 */
export function chooseForm(file, pair, layers, rank, mask, rescale) {
    if (rank === 0) {
        return { way: "Dropped", rank: 0, tensors: [] };
    }

    const asPair = pairForm(file.source, pair, rank);
    if (!pair.stored || layers.length !== 1) {
        return asPair;
    }

    // Of equal sizes the one that loses the least comes first.
    const stored = { way: "Stored", rank: 0, tensors: rescale === 1 ? pair.stored.same : pair.stored.rescaled };
    const forms = [stored, ...reducedForms(file, pair, layers[0], mask), asPair];
    const lengths = forms.map((form) => lengthOf(file.source.types, form));
    return forms[lengths.indexOf(Math.min(...lengths))];
}

function pairForm(source, pair, rank) {
    const alpha = pair.alpha ? [alphaFor(source, pair.alpha, rank)] : [];
    return { way: "Pair", rank, tensors: [...alpha, ...pair.pair, ...pair.copied] };
}

// A rank of which the output's type cannot hold the alpha has it in the wide type.
const alphaFor = (source, alpha, rank) => [alpha.name, alpha.wide.includes(rank) ? source.wideType : source.outputType, ...alpha.shape];

function reducedForms(file, pair, layer, mask) {
    const seconds = file.seconds[layer];
    if (!pair.reduced || !seconds) {
        return [];
    }

    const rank = secondRank(file, layer, mask);
    if (rank >= file.layers.order[layer].rank) {
        return [];
    }

    const alpha = pair.reducedAlpha ? [alphaFor(file.source, pair.reducedAlpha, rank)] : [];
    return [{ way: "Reduced", rank, tensors: [...alpha, ...pair.reduced] }];
}

// How many singular values of the second half the kept dimensions need.
function secondRank(file, layer, mask) {
    const seconds = file.seconds[layer];
    let rank = 0;
    for (let dimension = 0; dimension < seconds.length; dimension++) {
        if (mask[file.start[layer] + dimension] === 1) {
            rank = Math.max(rank, seconds[dimension] + 1);
        }
    }

    return rank;
}

function lengthOf(types, form) {
    return form.tensors.reduce((length, tensor) => length + byteLength(types, tensor, form.rank), 0);
}
