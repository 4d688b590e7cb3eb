// A door for programs: tests, and whoever opens the browser's console.

import { parseRecipe } from "../exact/recipe-parser.js";
import { summaryOf } from "../exact/summary.js";

/** @param {import("../model/store.js").Store} store */
export function installDoor(store) {
    window.resizeLora = Object.freeze({
        /** What a recipe makes of a file; throws where it cannot be applied. */
        measure(recipe, file = 0, leftOut = []) {
            const known = store.files[file];
            return summaryOf(known.file, known.measurer.measure(parseRecipe(recipe), new Set(leftOut)));
        },
        /** Sets the controls. */
        setRecipe: (recipe) => store.setRecipe(recipe),
        /** What the page shows. */
        state() {
            const { outcome, error } = store.answer();
            return {
                recipe: store.recipe.text,
                file: store.fileIndex,
                leftOut: store.leftOut.map((keys) => [...keys]),
                command: store.command(),
                error,
                outcome: outcome === null ? null : summaryOf(store.file, outcome),
            };
        },
    });
}
