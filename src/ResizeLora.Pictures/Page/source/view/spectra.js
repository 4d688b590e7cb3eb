// The spectra of the chosen layers, on a logarithmic scale, and where the recipe cuts them.

import { percent } from "../model/format.js";
import { describeLayer } from "../model/quantities.js";
import { visibleText } from "../model/visible.js";
import { axisOf, createChart, cursorOf, SeriesColours } from "./chart.js";
import { element, isolated, setAttribute } from "./dom.js";
import { colourOf } from "./theme.js";

/**
 * @param {import("../model/store.js").Store} store
 * @param {{ layers: number[], toggle: (layer: number) => void }} chosen
 * @param {ReturnType<import("./theme.js").watchTheme>} theme
 */
export function createSpectra(store, chosen, theme) {
    const host = element("div.chart", { role: "img" });
    const list = element("ul.chosen", { id: "chosen" });
    const chart = createChart(host, 260);
    let listed = "";
    return {
        element: element(
            "section.card.spectra",
            { "aria-labelledby": "title-spectra" },
            element("h2", { id: "title-spectra" }, "Spectra of the chosen layers"),
            element("p.hint", {}, "σ of ΔW by dimension; full where it is kept, thin where it is dropped. Choose layers on the map."),
            host,
            list,
        ),
        update() {
            const { file } = store;
            const { layers } = chosen;
            const { outcome } = store.answer();
            const outcomes = new Map((outcome?.layers ?? []).map((layer) => [layer.layer, layer]));
            const key = `${theme.isDark} ${store.fileIndex} ${layers.join()}`;
            chart.draw(key, () => optionsOf(layers.length), dataOf(file, layers, outcome?.mask ?? null));
            setAttribute(host, "aria-label", describe(file, layers, outcomes));
            const rows = layers.map((layer) => describeLayer(file, layer, outcomes.get(layer), percent));
            if (listed !== key + rows.join()) {
                list.replaceChildren(...layers.map((layer, at) => itemOf(file, layer, at, rows[at], chosen)));
                listed = key + rows.join();
            }
        },
    };
}

function optionsOf(count) {
    const series = SeriesColours.slice(0, count).flatMap((name) => {
        const stroke = colourOf(name);
        return [
            { stroke, width: 1, dash: [3, 4], points: { show: false } },
            { stroke, width: 2.5, points: { show: false } },
        ];
    });
    const exponent = (value) => (Math.abs(Math.log10(value) % 1) < 1e-6 ? String(value) : "");
    return {
        scales: { x: { time: false }, y: { distr: 3 } },
        series: [{}, ...series],
        axes: [axisOf({ label: "dimension", size: 34 }), axisOf({ label: "σ", size: 58, values: (_, values) => values.map(exponent) })],
        cursor: cursorOf(),
    };
}

// All of a spectrum as a thin line, and what is kept of it over that.
function dataOf(file, layers, mask) {
    const longest = layers.reduce((most, layer) => Math.max(most, file.layers.count[layer]), 1);
    const dimensions = Array.from({ length: longest }, (_, dimension) => dimension + 1);
    const columns = layers.flatMap((layer) => {
        const start = file.start[layer];
        const count = file.layers.count[layer];
        const at = (dimension, isWanted) =>
            dimension <= count && file.singular[start + dimension - 1] > 0 && isWanted(start + dimension - 1)
                ? file.singular[start + dimension - 1]
                : null;
        return [
            dimensions.map((dimension) => at(dimension, () => true)),
            dimensions.map((dimension) => at(dimension, (index) => mask !== null && mask[index] === 1)),
        ];
    });
    return [dimensions, ...columns];
}

function describe(file, layers, outcomes) {
    const nameOf = (layer) => visibleText(file.layers.name[layer]);
    const text = (layer) => `${nameOf(layer)}: ${describeLayer(file, layer, outcomes.get(layer), percent)}`;
    return layers.length === 0 ? "No layer is chosen." : layers.map(text).join("; ");
}

function itemOf(file, layer, at, text, chosen) {
    const name = visibleText(file.layers.name[layer]);
    const swatch = element("span.swatch", { "aria-hidden": "true" });
    swatch.style.setProperty("--swatch", `var(--${SeriesColours[at]})`);
    return element(
        "li",
        {},
        swatch,
        element("span.chosen-name", { title: name }, isolated(name)),
        element("span.hint", {}, text),
        element("button.quiet.no-print", { type: "button", "aria-label": `Do not draw ${name}`, onclick: () => chosen.toggle(layer) }, "×"),
    );
}
