// How many dimensions have which score, and which of them stay.

import { grouped, scoreText } from "../model/format.js";
import { rangeOf } from "../model/ramp.js";
import { visibleText } from "../model/visible.js";
import { element, setAttribute } from "./dom.js";
import { colourOf } from "./theme.js";

const Bins = 80;
const Height = 96;

/**
 * @param {import("../model/store.js").Store} store
 * @param {{ layers: number[] }} chosen
 */
export function createHistogram(store, chosen) {
    const part = element("select", { id: "histogram-of", "aria-label": "Histogram of", onchange: () => update() });
    const canvas = element("canvas.histogram", { role: "img", height: Height });
    let range = { low: -4, high: 0 };
    function update() {
        const { outcome } = store.answer();
        const scores = outcome?.scores ?? null;
        box.hidden = scores === null;
        part.hidden = scores === null;
        if (scores === null) {
            return;
        }

        range = rangeOf(scores);
        offerParts(part, store.file);
        const layers = layersOf(part.value, store.file, chosen.layers);
        const counts = countScores(store.file, layers, scores, outcome.mask, range);
        draw(canvas, counts, outcome.threshold, range);
        setAttribute(canvas, "aria-label", describe(part.selectedOptions[0].textContent, counts, outcome.threshold, range));
    }

    const box = element("div.histogram-box", {}, canvas);
    return {
        element: box,
        /** Of what it is. */
        part,
        /** The scores from the left edge to the right one, which the threshold's slider shares. */
        get range() {
            return range;
        },
        update,
    };
}

function offerParts(part, file) {
    const components = [...new Set(file.layers.component)];
    const parts = [
        ["", "scores of all layers"],
        ["chosen", "scores of the chosen layers"],
        ...components.map((name) => [name, `scores of ${visibleText(name)}`]),
    ];
    const key = parts.map(([value]) => value).join();
    if (part.dataset.key !== key) {
        part.dataset.key = key;
        part.replaceChildren(...parts.map(([value, label]) => element("option", { value }, label)));
    }
}

function layersOf(part, file, chosen) {
    const all = Array.from({ length: file.count }, (_, layer) => layer);
    return part === "chosen" ? chosen : all.filter((layer) => part === "" || file.layers.component[layer] === part);
}

function countScores(file, layers, scores, mask, { low, high }) {
    const kept = new Float64Array(Bins);
    const all = new Float64Array(Bins);
    const perScore = Bins / (high - low);
    for (const layer of layers) {
        for (let index = file.start[layer]; index < file.start[layer + 1]; index++) {
            if (scores[index] > -Infinity) {
                const bin = Math.min(Bins - 1, Math.max(0, Math.floor((scores[index] - low) * perScore)));
                all[bin]++;
                kept[bin] += mask[index];
            }
        }
    }

    return { kept, all };
}

function describe(what, { kept, all }, threshold, { low, high }) {
    const sum = (counts) => grouped(counts.reduce((total, count) => total + count, 0));
    const range = `from ${scoreText(low)} to ${scoreText(high)}`;
    return `Histogram: ${sum(all)} ${what} ${range}; ${sum(kept)} dimensions are kept, threshold ${scoreText(threshold)}.`;
}

function draw(canvas, { kept, all }, threshold, { low, high }) {
    const width = Math.max(1, canvas.clientWidth);
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(Height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const highest = all.reduce((most, count) => Math.max(most, count), 1);
    const bar = width / Bins;
    const bars = (counts, colour) => {
        context.fillStyle = colour;
        counts.forEach((count, bin) => {
            const height = (count / highest) * (Height - 8);
            context.fillRect(bin * bar, Height - height, Math.max(bar - 1, 1), height);
        });
    };
    bars(all, colourOf("dropped"));
    bars(kept, colourOf("accent"));
    if (Number.isFinite(threshold)) {
        const place = ((threshold - low) / (high - low)) * width;
        context.fillStyle = colourOf("ink");
        context.fillRect(Math.min(Math.max(place - 1, 0), width - 2), 0, 2, Height);
    }
}
