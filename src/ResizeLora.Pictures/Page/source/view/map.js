// The map: for each component and block a canvas of dimensions × layers, coloured by score.

import { createRamp, rangeOf } from "../model/ramp.js";
import { orderOf } from "../model/quantities.js";
import { groupRows } from "../model/rows.js";
import { createComponent } from "./map-component.js";
import { createToolbar } from "./map-toolbar.js";
import { element, setText } from "./dom.js";

const NoOutcomes = new Map();
const Advice = "Point at the map, or walk through its layers and their dimensions with the arrow keys; Enter draws a layer's spectrum.";

/**
 * @param {import("../model/store.js").Store} store
 * @param {{ layers: number[], toggle: (layer: number) => void }} chosen
 * @param {ReturnType<import("./theme.js").watchTheme>} theme
 */
export function createMap(store, chosen, theme) {
    const groups = element("div.groups", { id: "map" });
    const readout = element("p.readout.no-print", { "aria-hidden": "true" }, Advice);
    const spoken = element("p.visually-hidden", { "aria-live": "polite" });
    const nothing = element("p.hint", { role: "status" });
    const toolbar = createToolbar(groups, () => render());
    const viewOf = createPainter(store, theme);
    const actions = { readout, spoken, chosen };
    const components = new Map();
    const rest = createRest(() => render());
    let shown = "";
    fitWidth(groups);
    function render() {
        const view = { ...viewOf(chosen.layers), hasNames: toolbar.hasNames };
        toolbar.update(view);
        const rows = groupRows(
            view.file,
            toolbar.search,
            orderOf(toolbar.order, view.file, rest.at(`${store.fileIndex} ${toolbar.order}`, view.outcomes)),
            toolbar.isDescending,
        );
        const names = [...new Set(rows.map((group) => group.component))];
        const made = names.map((name) => componentOf(components, `${store.fileIndex} ${name}`, name, store, actions));
        const key = `${store.fileIndex}\n${names.join("\n")}`;
        if (key !== shown) {
            shown = key;
            groups.replaceChildren(...made.map((component) => component.element));
        }

        made.forEach((component, index) =>
            component.update(
                view,
                rows.filter((group) => group.component === names[index]),
            ),
        );
        setText(nothing, rows.length === 0 ? "No layer has such a name." : "");
    }

    return {
        element: element("section.card.map", { "aria-labelledby": "title-map" }, toolbar.element, readout, nothing, groups, spoken),
        update: render,
    };
}

// Components that are there already keep what is open.
function componentOf(components, key, name, store, actions) {
    if (!components.has(key)) {
        components.set(key, createComponent(name, store, actions));
    }

    return components.get(key);
}

// Rows that are ordered by what the recipe makes of them change places when the slider rests: they would be hard to follow before.
function createRest(render) {
    const Wait = 200;
    let known = { key: "", outcomes: new Map() };
    let timer = 0;
    return {
        at(key, outcomes) {
            clearTimeout(timer);
            if (known.key !== key) {
                known = { key, outcomes };
            } else if (known.outcomes !== outcomes) {
                timer = setTimeout(() => {
                    known = { key, outcomes };
                    render();
                }, Wait);
            }

            return known.outcomes;
        },
    };
}

// Heads of groups are as wide as what can be seen, however wide the rows become.
function fitWidth(groups) {
    const fit = () => groups.style.setProperty("--visible", `${groups.clientWidth}px`);
    new ResizeObserver(fit).observe(groups);
}

function createPainter(store, theme) {
    const ramps = new Map();
    const known = new WeakMap();
    const rampOf = (isDark) => ramps.get(isDark) ?? ramps.set(isDark, createRamp(isDark)).get(isDark);
    return (chosen) => {
        const { file } = store;
        const { outcome } = store.answer();

        // Where a recipe scores nothing, σ itself says which dimensions are large.
        const scores = outcome?.scores ?? file.logarithms().singular;
        return {
            file,
            outcomes: outcomesOf(known, outcome),
            leftOut: store.leftOut[store.fileIndex],
            scores,
            mask: outcome?.mask ?? new Uint8Array(scores.length),
            range: rangeOf(scores),
            ramp: rampOf(theme.isDark),
            chosen,
            width: file.layers.count.reduce((most, count) => Math.max(most, count), 1),
        };
    };
}

function outcomesOf(known, outcome) {
    if (outcome === null) {
        return NoOutcomes;
    }

    if (!known.has(outcome)) {
        known.set(outcome, new Map(outcome.layers.map((layer) => [layer.layer, layer])));
    }

    return known.get(outcome);
}
