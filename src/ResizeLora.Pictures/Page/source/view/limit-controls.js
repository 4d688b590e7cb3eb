// What limits ranks, whatever the scores: caps, and the methods of other programs.

import { Counted } from "../exact/keys.js";
import { element } from "./dom.js";
import { createSlider } from "./slider.js";

const Methods = [
    ["none", "none"],
    ["sv_ratio", "sv_ratio: σ₁ over the smallest kept"],
    ["sv_fro", "sv_fro: share of ‖ΔW‖"],
    ["sv_cumulative", "sv_cumulative: share of the sum"],
    ["sv_knee", "sv_knee: up to the bend"],
];
const Ranks = { rank: "of any layer, at most", conv_rank: "of convolutions, at most" };

/** @param {import("../model/store.js").Store} store */
export function createLimitControls(store) {
    const method = element(
        "select",
        { id: "method", onchange: () => store.edit({ method: method.value }) },
        ...Methods.map(([value, label]) => element("option", { value }, label)),
    );
    const numbers = Object.fromEntries(
        Counted.map((key) => [
            key,
            createSlider({ id: key, label: key, change: (value) => store.edit({ methods: { ...store.editor.methods, [key]: value } }) }),
        ]),
    );
    const old = element("input", { type: "checkbox", id: "sv_count", onchange: () => store.edit({ countsOld: old.checked }) });
    const oldLabel = element("label.check", {}, old, "one dimension more, as kohya's script before 2026");
    const ranks = Object.entries(Ranks).map(([key, hint]) => createRank(store, key, hint));
    return {
        element: element(
            "fieldset",
            {},
            element("legend", {}, "Limits of the ranks"),
            element(
                "div.field",
                {},
                element(
                    "label",
                    { for: "method" },
                    element("span.name", {}, "method"),
                    element("span.hint", {}, "of each layer by itself"),
                ),
                method,
            ),
            ...Object.values(numbers).map((slider) => slider.element),
            oldLabel,
            ...ranks.map((rank) => rank.element),
        ),
        update() {
            const { editor, file } = store;
            method.value = editor.method;
            for (const [key, slider] of Object.entries(numbers)) {
                slider.element.hidden = editor.method !== key;
                slider.update(editor.methods[key], {
                    scale: key === "sv_ratio" ? { lowest: 1, highest: 50, perUnit: 2 } : { lowest: 0.01, highest: 1, perUnit: 100 },
                });
            }

            old.checked = editor.countsOld;
            oldLabel.hidden = !Counted.includes(editor.method);
            const highest = Math.max(2, ...file.layers.count);
            ranks.forEach((rank) => rank.update({ lowest: 1, highest, perUnit: 1 }));
        },
    };
}

function createRank(store, key, hint) {
    const change = (part) => store.edit({ ranks: { ...store.editor.ranks, [key]: { ...store.editor.ranks[key], ...part } } });
    const isOn = element("input", { type: "checkbox", id: `${key}-on`, onchange: () => change({ isOn: isOn.checked }) });
    const slider = createSlider({ id: key, label: `highest ${key}`, change: (value) => change({ value }) });
    return {
        element: element(
            "div.rank",
            {},
            element("label.check", {}, isOn, element("span.name", {}, key), element("span.hint", {}, hint)),
            slider.element,
        ),
        update(scale) {
            const rank = store.editor.ranks[key];
            isOn.checked = rank.isOn;
            slider.element.hidden = !rank.isOn;
            slider.update(rank.value, { scale });
        },
    };
}
