// Where to cut: one of several ways, each with its number, and the histogram of the scores above the threshold's slider.

import { norm } from "../exact/norm.js";
import { alsoAllowed, chooseCut } from "../model/editor.js";
import { positiveScale } from "../model/steps.js";
import { element, setText } from "./dom.js";
import { createHistogram } from "./histogram.js";
import { createSlider } from "./slider.js";

const Cuts = [
    ["thr", "Threshold", "thr"],
    ["retain", "Retained", "retain"],
    ["loss", "Loss", "loss"],
    ["size", "Size", "size"],
    ["keep", "Share", "keep"],
    ["none", "Limits alone", ""],
];
const Hints = {
    thr: "keeps scores above it, in decades",
    retain: "of the squared norm, at least",
    loss: "relative to the base weights, at most",
    size: "of the file, at most",
    keep: "of the input's size, at most",
};

/**
 * @param {import("../model/store.js").Store} store
 * @param {{ layers: number[] }} chosen
 */
export function createCutControls(store, chosen) {
    const choose = (key) => store.edit(chooseCut(store.editor, key, store.file));
    const radios = Cuts.map(([key, label, code]) => ({
        key,
        input: element("input", { type: "radio", name: "cut", value: key, id: `cut-${key}`, onchange: () => choose(key) }),
        label,
        code,
    }));
    const sliders = Object.fromEntries(
        Object.entries(Hints).map(([key, hint]) => [
            key,
            createSlider({
                id: key,
                label: key,
                hint,
                unit: key === "size" ? "MiB" : "",
                change: (value) => store.edit({ cuts: { ...store.editor.cuts, [key]: value } }),
            }),
        ]),
    );
    const also = ["size", "keep"].map((key) => ({
        key,
        input: element("input", {
            type: "checkbox",
            id: `also-${key}`,
            onchange: (event) => store.edit({ also: { ...store.editor.also, [key]: event.target.checked } }),
        }),
    }));
    const alsoRow = element(
        "div.also",
        {},
        ...also.map(({ key, input }) => element("label.check", {}, input, key === "size" ? "at most a size, too" : "at most a share, too")),
    );
    const reason = element("p.hint");
    const histogram = createHistogram(store, chosen);
    return {
        element: element(
            "fieldset.cut",
            {},
            element("legend", {}, "Cut"),
            element(
                "div.radios",
                {},
                ...radios.map(({ input, label, code }) =>
                    element("label.radio", {}, input, element("span", {}, label), code === "" ? null : element("code", {}, code)),
                ),
            ),
            reason,
            histogram.element,
            ...Object.values(sliders).map((slider) => slider.element),
            alsoRow,
            histogram.part,
        ),
        update() {
            const { editor, file } = store;
            for (const { key, input } of radios) {
                input.checked = editor.cut === key;
                input.disabled = key === "loss" && editor.cut !== "loss" && !file.hasBase;
            }

            setText(reason, file.hasBase ? "" : "The loss needs a base model.");
            reason.hidden = file.hasBase;
            histogram.update();
            alsoRow.hidden = !also.some(({ key }) => alsoAllowed(editor, key));
            for (const { key, input } of also) {
                input.checked = editor.also[key];
                input.parentElement.hidden = !alsoAllowed(editor, key);
            }

            const scales = scalesOf(file, histogram.range);
            for (const [key, slider] of Object.entries(sliders)) {
                slider.element.hidden = editor.cut !== key && !(alsoAllowed(editor, key) && editor.also[key]);
                slider.update(editor.cuts[key], { scale: scales[key] });
            }
        },
    };
}

const knownScales = new WeakMap();

function scalesOf(file, scoreRange) {
    if (!knownScales.has(file)) {
        const bases = file.layers.baseFrobenius.filter((value) => value !== null);
        const most = bases.length === 0 ? 1 : norm(file.change) / norm(bases);
        knownScales.set(file, {
            retain: { lowest: 0.5, highest: 1, perUnit: 1000 },
            loss: positiveScale(most > 0 && Number.isFinite(most) ? most : 1),
            size: positiveScale(Math.max(file.length / 1048576, 1e-3)),
            keep: { lowest: 0.01, highest: 1, perUnit: 100 },
        });
    }

    return { ...knownScales.get(file), thr: { lowest: scoreRange.low, highest: scoreRange.high, perUnit: 100 } };
}
