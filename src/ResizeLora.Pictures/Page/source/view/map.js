// The map: for each component and block a canvas of dimensions × layers, coloured by score.

import { createRamp, rangeOf } from "../model/ramp.js";
import { orderOf } from "../model/quantities.js";
import { groupRows } from "../model/rows.js";
import { createComponent } from "./map-component.js";
import { createToolbar } from "./map-toolbar.js";
import { element, setText } from "./dom.js";

/**
 * @param {import("../model/store.js").Store} store
 * @param {{ layers: number[], toggle: (layer: number) => void }} chosen
 * @param {ReturnType<import("./theme.js").watchTheme>} theme
 */
export function createMap(store, chosen, theme) {
    const groups = element("div.groups", { id: "map" });
    const readout = element("p.readout", { "aria-hidden": "true" }, "Point at the map, or walk through it with the arrow keys; Enter draws a layer's spectrum.");
    const spoken = element("p.visually-hidden", { "aria-live": "polite" });
    const toolbar = createToolbar(groups, () => render());
    const painter = createPainter(store, theme);
    const actions = { readout, spoken, chosen };
    let components = [];
    let shown = "";
    const render = () => {
        const view = painter.view(chosen.layers);
        toolbar.update(view);
        const rows = groupRows(view.file, toolbar.search, orderOf(toolbar.order, view.file, view.outcomes), toolbar.isDescending);
        const key = `${store.fileIndex}\n${rows.map((group) => `${group.key}:${group.layers.join()}`).join("\n")}`;
        if (key !== shown) {
            components = rebuild(components, rows, view, actions);
            groups.replaceChildren(...components.map((component) => component.element));
            shown = key;
        }

        components.forEach((component) => component.update(view));
        groups.classList.toggle("is-empty", components.length === 0);
        setText(readout, components.length === 0 ? "No layer has such a name." : readout.textContent);
    };
    return {
        element: element("section.card.map", { "aria-labelledby": "title-map" }, toolbar.element, readout, groups, spoken),
        update: render,
    };
}

// Groups that are there already keep what is open.
function rebuild(earlier, rows, view, actions) {
    const names = [...new Set(rows.map((group) => group.component))];
    const open = new Map(earlier.flatMap((component) => component.openState()));
    return names.map((name) =>
        createComponent(
            name,
            rows.filter((group) => group.component === name),
            view,
            { ...actions, isOpen: (key) => open.get(key) ?? true },
        ),
    );
}

function createPainter(store, theme) {
    const ramps = new Map();
    const rampOf = (isDark) => ramps.get(isDark) ?? ramps.set(isDark, createRamp(isDark)).get(isDark);
    return {
        /** @returns {import("./map-colours.js").MapView} */
        view(chosen) {
            const { file } = store;
            const { outcome } = store.answer();

            // Where a recipe scores nothing, σ itself says which dimensions are large.
            const scores = outcome?.scores ?? file.logarithms().singular;
            return {
                store,
                file,
                outcomes: new Map((outcome?.layers ?? []).map((layer) => [layer.layer, layer])),
                scores,
                mask: outcome?.mask ?? new Uint8Array(scores.length),
                range: rangeOf(scores),
                ramp: rampOf(theme.isDark),
                chosen,
                width: file.layers.count.reduce((most, count) => Math.max(most, count), 1),
            };
        },
    };
}
