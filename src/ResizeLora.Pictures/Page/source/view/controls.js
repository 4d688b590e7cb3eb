// The controls of a recipe.

import { BaseScores, Scores } from "../exact/keys.js";
import { createCutControls } from "./cut-controls.js";
import { element } from "./dom.js";
import { createLimitControls } from "./limit-controls.js";
import { createSlider } from "./slider.js";

const Meanings = {
    spn_ckpt: "σ against the base weight's largest",
    spn_lora: "σ against the layer's largest",
    fro_ckpt: "σ against ‖W‖ of the base weight",
    fro_lora: "σ against ‖ΔW‖ of the layer",
    subspace: "σ against the base in its directions",
    params: "σ against what a dimension costs",
};
const Weights = { lowest: 0, highest: 1, perUnit: 100 };
const Strength = { lowest: 0.01, highest: 2, perUnit: 100 };

/**
 * @param {import("../model/store.js").Store} store
 * @param {{ layers: number[] }} chosen
 */
export function createControls(store, chosen) {
    const weights = Scores.map((key) => ({
        key,
        slider: createSlider({
            id: `weight-${key}`,
            label: key,
            hint: Meanings[key],
            change: (weight) => store.edit({ weights: { ...store.editor.weights, [key]: weight } }),
        }),
    }));
    const cut = createCutControls(store, chosen);
    const limits = createLimitControls(store);
    const rescale = createSlider({
        id: "rescale",
        label: "rescale",
        hint: "multiplies the strength",
        change: (value) => store.edit({ rescale: value }),
    });
    return {
        element: element(
            "form.controls",
            { id: "controls", "aria-label": "Recipe", onsubmit: (event) => event.preventDefault() },
            cut.element,
            group("Weights of the scores", ...weights.map(({ slider }) => slider.element)),
            limits.element,
            group("Strength", rescale.element),
        ),
        update() {
            const { editor, file } = store;
            for (const { key, slider } of weights) {
                slider.update(editor.weights[key], { scale: Weights, ...offReason(key, editor, file) });
            }

            cut.update();
            limits.update();
            rescale.update(editor.rescale, { scale: Strength });
        },
    };
}

/**
 * A group of controls with a title.
 * @param {string} title
 * @param {...Node} children
 */
export const group = (title, ...children) => element("fieldset", {}, element("legend", {}, title), ...children);

// A score that a recipe weighs already can be taken out of it again, whatever the file has.
function offReason(key, editor, file) {
    if (editor.cut === "none") {
        return { reason: "no cut: limits alone select" };
    }

    if (editor.weights[key] !== 0) {
        return {};
    }

    if (BaseScores.includes(key) && !file.hasBase) {
        return { reason: "needs a base model" };
    }

    return key === "subspace" && file.subspace === null ? { reason: "was not computed" } : {};
}
