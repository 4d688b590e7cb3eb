// How many dimensions have which score, and which of them stay.

import { rangeOf } from "../model/ramp.js";
import { grouped, scoreText } from "../model/format.js";
import { element, setAttribute } from "./dom.js";
import { colourOf } from "./theme.js";

const Bins = 80;
const Height = 96;

/** @param {import("../model/store.js").Store} store */
export function createHistogram(store) {
    const canvas = element("canvas.histogram", { role: "img", height: Height });
    let range = { low: -4, high: 0 };
    return {
        element: element("div.histogram-box", {}, canvas),
        /** The scores from the left edge to the right one, which the threshold's slider shares. */
        get range() {
            return range;
        },
        update() {
            const { outcome } = store.answer();
            const scores = outcome?.scores ?? null;
            canvas.parentElement.hidden = scores === null;
            if (scores === null) {
                return;
            }

            range = rangeOf(scores);
            draw(canvas, countScores(scores, outcome.mask, range), outcome.threshold, range);
            const kept = outcome.mask.reduce((sum, kept) => sum + kept, 0);
            const label = `Histogram of ${grouped(scores.length)} scores from ${scoreText(range.low)} to ${scoreText(range.high)}; ${grouped(kept)} dimensions are kept, threshold ${scoreText(outcome.threshold)}.`;
            setAttribute(canvas, "aria-label", label);
        },
    };
}

function countScores(scores, mask, { low, high }) {
    const kept = new Float64Array(Bins);
    const all = new Float64Array(Bins);
    const perScore = Bins / (high - low);
    for (let index = 0; index < scores.length; index++) {
        if (scores[index] > -Infinity) {
            const bin = Math.min(Bins - 1, Math.max(0, Math.floor((scores[index] - low) * perScore)));
            all[bin]++;
            kept[bin] += mask[index];
        }
    }

    return { kept, all };
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
