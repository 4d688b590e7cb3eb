// The state of the page, and what is measured for it.

import { commandOf, commandOfAll } from "../exact/command.js";
import { openFile } from "../exact/data.js";
import { MeasureError, Measurer } from "../exact/measure.js";
import { parseRecipe } from "../exact/recipe-parser.js";
import { needsBase, recipeToText, RecipeError } from "../exact/recipe.js";
import { draftOf, editorOf, Initial, recipeOf } from "./editor.js";

/**
 * What a recipe makes of a file, or why it makes nothing.
 * @typedef {{ outcome: import("../exact/measure.js").Outcome, error: null } | { outcome: null, error: string }} Answer
 */

/** A file of the page, made ready when it is first looked at. */
class PageFile {
    #source;
    #tool;
    #file = null;
    #measurer = null;
    #idleMeasurer = null;

    constructor(source, tool) {
        this.#source = source;
        this.#tool = tool;
    }

    get name() {
        return this.#source.name;
    }

    get file() {
        return (this.#file ??= openFile(this.#source));
    }

    get measurer() {
        return (this.#measurer ??= new Measurer(this.file, this.#tool));
    }

    /** For what is measured in idle time: the other one remembers the ranking that the sliders cut. */
    get idleMeasurer() {
        return (this.#idleMeasurer ??= new Measurer(this.file, this.#tool));
    }
}

/** The state of the page; whoever listens is told once a frame at most. */
export class Store {
    #listeners = [];
    #answers;
    #isScheduled = false;
    #schedule;

    /**
     * @param {object} data the data of the page
     * @param {(callback: () => void) => void} schedule when listeners are told
     */
    constructor(data, schedule) {
        this.#schedule = schedule;
        this.files = data.files.map((source) => new PageFile(source, data.tool));
        this.fileIndex = 0;
        this.leftOut = this.files.map(() => /** @type {ReadonlySet<string>} */ (new Set()));
        this.#answers = this.files.map(() => ({ key: "", answer: null }));
        const { file } = this.files[0];
        const size = Math.round((file.length / 1048576 / 4) * 1000) / 1000;
        this.editor = { ...Initial, cuts: { ...Initial.cuts, size: Math.max(size, 0.001) } };

        /** A text that was typed, or came with the address, and makes no recipe; null once the controls make one again. */
        this.refused = /** @type {{ text: string, error: string } | null} */ (null);
        this.#setFirst(data);
    }

    /** The file that is shown. */
    get file() {
        return this.files[this.fileIndex].file;
    }

    /** The recipe of the controls, or why they make none. */
    get recipe() {
        try {
            const recipe = recipeOf(this.editor);
            return { recipe, text: recipeToText(recipe), error: null };
        } catch (error) {
            return { recipe: null, text: "", error: messageOf(error) };
        }
    }

    /** What the field of the recipe holds: a text that was refused, or what the controls say, and why it makes no recipe. */
    get field() {
        const { text, error } = this.recipe;
        return this.refused ?? { text: error === null ? text : draftOf(this.editor), error };
    }

    /** Whether what the field says is what is measured, so that it can be copied and kept. */
    get isReady() {
        return this.field.error === null && this.answer().outcome !== null;
    }

    /**
     * Listens to changes.
     * @param {() => void} listener
     */
    subscribe(listener) {
        this.#listeners.push(listener);
    }

    /**
     * Changes what the controls hold.
     * @param {Partial<import("./editor.js").Editor>} change
     */
    edit(change) {
        this.editor = { ...this.editor, ...change };
        this.refused = null;
        this.tell();
    }

    /**
     * Sets the controls by the text of a recipe.
     * @param {string} text
     * @throws {RecipeError}
     */
    setRecipe(text) {
        if (text.includes(":")) {
            throw new RecipeError("':' stands between recipes, and this field takes one recipe.");
        }

        this.editor = editorOf(parseRecipe(text), this.editor);
        this.refused = null;
        this.tell();
    }

    /**
     * Sets the controls by a text of anybody; one that makes no recipe is kept with the reason, and the controls stay.
     * @param {string} text
     */
    tryRecipe(text) {
        try {
            this.setRecipe(text);
        } catch (error) {
            this.refused = { text, error: messageOf(error) };
            this.tell();
        }
    }

    /**
     * Shows a file.
     * @param {number} index
     */
    showFile(index) {
        this.fileIndex = index;
        this.tell();
    }

    /**
     * Leaves blocks of a file out, or takes them in again.
     * @param {Iterable<string>} keys
     * @param {boolean} isLeftOut
     * @param {number} index the file
     */
    leaveOut(keys, isLeftOut, index = this.fileIndex) {
        const changed = new Set(this.leftOut[index]);
        for (const key of keys) {
            if (isLeftOut) {
                changed.add(key);
            } else {
                changed.delete(key);
            }
        }

        this.leftOut[index] = changed;
        this.tell();
    }

    /**
     * What the recipe of the controls makes of a file.
     * @param {number} index
     * @returns {Answer}
     */
    answer(index = this.fileIndex) {
        const { recipe, text, error } = this.recipe;
        if (recipe === null) {
            return { outcome: null, error };
        }

        const key = `${text}\n${[...this.leftOut[index]].join("\n")}`;
        if (this.#answers[index].key !== key) {
            this.#answers[index] = { key, answer: this.measure(recipe, index, this.leftOut[index]) };
        }

        return this.#answers[index].answer;
    }

    /**
     * Measures any recipe.
     * @param {import("../exact/recipe.js").Recipe} recipe
     * @param {number} index the file
     * @param {ReadonlySet<string>} leftOut
     * @returns {Answer}
     */
    measure(recipe, index, leftOut) {
        try {
            return { outcome: this.files[index].measurer.measure(recipe, leftOut), error: null };
        } catch (error) {
            return { outcome: null, error: messageOf(error) };
        }
    }

    /**
     * The command line that writes what is shown.
     * @param {boolean} ofAll whether of all files
     * @returns {string} empty where there is nothing to write
     */
    command(ofAll = false) {
        const { text } = this.recipe;
        if (text === "" || (!ofAll && this.answer().outcome === null)) {
            return "";
        }

        return ofAll
            ? commandOfAll(
                  this.files.map(({ file }) => file),
                  text,
                  this.leftOut,
              )
            : commandOf(this.file, text, this.leftOut[this.fileIndex]);
    }

    /** Tells whoever listens, at the next frame. */
    tell() {
        if (!this.#isScheduled) {
            this.#isScheduled = true;
            this.#schedule(() => {
                this.#isScheduled = false;
                this.#listeners.forEach((listener) => listener());
            });
        }
    }

    // Without a base model the default recipe cannot be measured.
    #setFirst({ recipes, defaultRecipe, defaultRecipeWithoutBase }) {
        const hasBase = this.file.hasBase;
        const known = recipes.map(tryParse).find((recipe) => recipe !== null && (hasBase || !needsBase(recipe)));
        const recipe = known ?? parseRecipe(hasBase ? defaultRecipe : defaultRecipeWithoutBase);
        this.editor = editorOf(recipe, this.editor);
    }
}

function tryParse(text) {
    try {
        return parseRecipe(text);
    } catch {
        return null;
    }
}

function messageOf(error) {
    if (error instanceof RecipeError || error instanceof MeasureError) {
        return error.message;
    }

    throw error;
}
