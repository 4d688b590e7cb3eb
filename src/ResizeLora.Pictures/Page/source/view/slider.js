// A slider and a number for the same value, side by side.

import { stepsOf, valueOf } from "../model/steps.js";
import { element, setAttribute, setText } from "./dom.js";

/**
 * @typedef {object} SliderParts
 * @property {string} id
 * @property {string} label
 * @property {string} [hint] what it means, in a few words
 * @property {string} [unit]
 * @property {(value: number) => void} change
 */

/**
 * @param {SliderParts} parts
 */
export function createSlider({ id, label, hint = "", unit = "", change }) {
    let scale = { lowest: 0, highest: 1, perUnit: 100 };
    const described = `${id}-hint`;
    const range = element("input", {
        type: "range",
        id: `${id}-slider`,
        "aria-label": label,
        "aria-describedby": described,
        oninput: () => change(valueOf(scale, Number(range.value))),
    });
    const number = element("input", {
        type: "number",
        id,
        "aria-describedby": described,
        step: "any",
        inputMode: "decimal",
        onchange: () => {
            if (Number.isFinite(number.valueAsNumber)) {
                change(number.valueAsNumber);
            }
        },
    });
    const explained = element("span.hint", { id: described }, hint);
    const made = element(
        "div.slider",
        {},
        element("label", { for: id }, element("span.name", {}, label), explained),
        element("div.slider-inputs", {}, range, number, unit === "" ? null : element("span.unit", {}, unit)),
    );
    return {
        element: made,
        /**
         * @param {number} value
         * @param {{ scale?: import("../model/steps.js").SliderScale, reason?: string }} state a reason turns it off
         */
        update(value, state = {}) {
            scale = state.scale ?? scale;
            const isOff = state.reason !== undefined;
            range.min = String(Math.round(scale.lowest * scale.perUnit));
            range.max = String(Math.round(scale.highest * scale.perUnit));
            range.value = String(stepsOf(scale, value));
            setAttribute(range, "aria-valuetext", `${value}${unit === "" ? "" : ` ${unit}`}`);
            if (document.activeElement !== number || number.valueAsNumber !== value) {
                number.value = String(value);
            }

            range.disabled = isOff;
            number.disabled = isOff;
            made.classList.toggle("is-off", isOff);
            setText(explained, state.reason ?? hint);
        },
    };
}
