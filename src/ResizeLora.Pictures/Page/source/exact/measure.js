// Measures recipes on a file: what Measure-LoraResize says, to the byte.

import { Chooser, sizeLimit } from "./choice.js";
import { chooseForm, formTensors } from "./forms.js";
import { Layout } from "./layout.js";
import { metadataLength } from "./metadata.js";
import { layerOutcome, totalsOf } from "./outcome.js";
import { settingsLength } from "./peft.js";
import { needsBase, recipeToText } from "./recipe.js";

/**
 * What a recipe makes of a file.
 * @typedef {object} Outcome
 * @property {string} recipe
 * @property {number | null} threshold
 * @property {number} oldLength
 * @property {number} newLength
 * @property {number} saved
 * @property {string[]} passedThrough names of layers copied as they are
 * @property {import("./outcome.js").LayerOutcome[]} layers those that are resized, in the order of the file
 * @property {import("./outcome.js").Totals} total
 * @property {({ component: string } & import("./outcome.js").Totals)[]} components
 * @property {Float64Array | null} scores
 * @property {Uint8Array} mask for each singular value of the file 1 where it stays
 */

/** A recipe cannot be applied to a file. */
export class MeasureError extends Error {
    /** @param {string} message */
    constructor(message) {
        super(message);
        this.name = "MeasureError";
    }
}

/**
 * The block of a layer as a key, with its component, since text encoders name theirs alike.
 * @param {import("./data.js").SpectrumFile} file
 * @param {number} layer
 */
export const blockKey = (file, layer) => `${file.layers.component[layer]}/${file.layers.block[layer]}`;

/** Measures recipes on one file. */
export class Measurer {
    #file;
    #tool;
    #layout;
    #chooser;

    /**
     * @param {import("./data.js").SpectrumFile} file
     * @param {string} tool name and version, as the page's data has them
     */
    constructor(file, tool) {
        const { source } = file;
        this.#file = file;
        this.#tool = tool;
        this.#layout = new Layout(source, [...source.copied, ...source.pairs.flatMap((pair) => formTensors(source, pair))]);
        this.#chooser = new Chooser(file);
    }

    /**
     * Measures a recipe.
     * @param {import("./recipe.js").Recipe} recipe
     * @param {ReadonlySet<string>} leftOut keys of the blocks that are left out
     * @returns {Outcome}
     * @throws {MeasureError}
     */
    measure(recipe, leftOut) {
        const part = this.#partOf(recipe, leftOut);
        const { selection, scores } = this.#chooser.choose(recipe, part.resized, (trial) =>
            this.#layOut(recipe, part, trial, this.#formsOf(recipe, part, trial)),
        );
        return { ...this.#outcomeOf(recipe, part, selection), scores };
    }

    /**
     * The score above which a number of dimensions lie.
     * @param {import("./recipe.js").Recipe} recipe what ranks them
     * @param {ReadonlySet<string>} leftOut
     * @param {number} share of all dimensions that can be kept
     * @returns {number}
     */
    thresholdOf(recipe, leftOut, share) {
        const ranking = this.#chooser.ranking(recipe, this.#partOf(recipe, leftOut).resized);
        return ranking.take(Math.round(share * ranking.length)).threshold;
    }

    // Which layers are resized and which are copied as they are; what is left out is neither.
    #partOf(recipe, leftOut) {
        const { layers, source } = this.#file;
        const takesPart = (layer) => !leftOut.has(blockKey(this.#file, layer));
        const asksBase = needsBase(recipe);
        const lacksBase = (layer) => asksBase && layers.baseFrobenius[layer] === null;
        if (recipe.weights.has("subspace") && this.#file.subspace === null) {
            throw new MeasureError("The subspace score was not computed for this page: export it with a recipe that weighs it.");
        }

        if (asksBase && this.#file.checkpoints.length === 0) {
            throw new MeasureError(`The recipe '${recipeToText(recipe)}' measures against the base model, and none was given.`);
        }

        const parts = source.pairs
            .map((pair) => ({ pair, layers: pair.layers.filter(takesPart) }))
            .filter((part) => part.layers.length > 0);
        const passed = parts.filter((part) => part.layers.some(lacksBase));
        const pairs = parts.filter((part) => !part.layers.some(lacksBase));
        const resized = Int32Array.from(pairs.flatMap((part) => part.layers)).sort();
        if (parts.length === 0) {
            throw new MeasureError("Every block is left out: nothing is left to write.");
        }

        if (resized.length === 0) {
            throw new MeasureError("Nothing can be resized by this recipe: it measures against base weights, and no layer has one.");
        }

        return { pairs, resized, passed };
    }

    #formsOf(recipe, { pairs }, selection) {
        return pairs.map(({ pair, layers }) => {
            this.#keepMarks(layers, selection.mask);
            const rank = layers.reduce((sum, layer) => sum + this.#countKept(layer, selection.mask), 0);
            return chooseForm(this.#file, pair, layers, rank, selection.mask, recipe.rescale);
        });
    }

    // Layers without which a loader would take the file for another one keep a dimension.
    #keepMarks(layers, mask) {
        for (const layer of layers) {
            if (this.#file.layers.mustStay[layer] === 1 && this.#countKept(layer, mask) === 0) {
                mask[this.#file.start[layer]] = 1;
            }
        }
    }

    #countKept(layer, mask) {
        let count = 0;
        for (let index = this.#file.start[layer]; index < this.#file.start[layer + 1]; index++) {
            count += mask[index];
        }

        return count;
    }

    #layOut(recipe, part, selection, forms) {
        const { source } = this.#file;
        this.#layout.clear();
        this.#layout.add(source.copied, 0);
        part.passed.forEach(({ pair }) => this.#layout.add(pair.passed, 0));
        forms.forEach((form) => this.#layout.add(form.tensors, form.rank));
        const metadata = metadataLength(source.metadata, this.#tool, recipe, selection.threshold);
        return this.#layout.fileLength(metadata + this.#peftLength(part, forms));
    }

    #peftLength({ pairs, passed }, forms) {
        const { peft } = this.#file.source.metadata;
        if (!peft) {
            return 0;
        }

        const hasOthers = peft.hasKept || forms.some((form) => form.way === "Stored" || form.way === "Reduced");
        const asPair = pairs.map(({ pair }, index) => ({ pair, form: forms[index] })).filter(({ form }) => form.way === "Pair");
        const written = [
            ...asPair.map(({ pair, form }) => ({ module: pair.module, rank: form.rank, scale: 1 })),
            ...passed.map(({ pair }) => ({ module: pair.module, rank: pair.module.rank, scale: pair.module.scale })),
        ];
        return settingsLength(peft, written, hasOthers);
    }

    #outcomeOf(recipe, part, selection) {
        const file = this.#file;
        const forms = this.#formsOf(recipe, part, selection);
        const newLength = this.#layOut(recipe, part, selection, forms);
        const limit = sizeLimit(recipe, file.length);
        if (limit !== null && newLength > limit) {
            throw new MeasureError(
                `The file cannot be made so small: at most ${limit} bytes are asked for, ` +
                    `but header and copied tensors alone take ${newLength}.`,
            );
        }

        const mask = selection.mask;
        const ways = new Map();
        part.pairs.forEach(({ layers }, index) => {
            for (const layer of layers) {
                this.#keepOfForm(layer, forms[index], mask);
                ways.set(layer, forms[index].way);
            }
        });
        const layers = Array.from(part.resized, (layer) => layerOutcome(file, layer, ways.get(layer), mask, recipe.rescale));
        const components = [...new Set(layers.map(({ layer }) => file.layers.component[layer]))];
        return {
            recipe: recipeToText(recipe),
            threshold: selection.threshold,
            oldLength: file.length,
            newLength,
            saved: file.length > 0 ? 1 - newLength / file.length : 0,
            passedThrough: part.passed.flatMap((passed) => passed.layers.map((layer) => file.layers.name[layer])),
            layers,
            total: totalsOf(file, layers, recipe.rescale),
            components: components.map((component) => ({
                component,
                ...totalsOf(
                    file,
                    layers.filter(({ layer }) => file.layers.component[layer] === component),
                    recipe.rescale,
                ),
            })),
            mask,
        };
    }

    // Some forms keep more than was selected.
    #keepOfForm(layer, form, mask) {
        const start = this.#file.start[layer];
        const end = this.#file.start[layer + 1];
        if (form.way === "Stored") {
            mask.fill(1, start, end);
        } else if (form.way === "Reduced") {
            const seconds = this.#file.seconds[layer];
            for (let index = start; index < end; index++) {
                mask[index] = seconds[index - start] < form.rank ? 1 : 0;
            }
        }
    }
}
