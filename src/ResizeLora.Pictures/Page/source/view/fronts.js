// Size against error: the fronts of three ways to cut, the pins, and where the recipe stands.

import uPlot from "uplot";
import { frontPoints, Fronts, pointsAt } from "../exact/front.js";
import { recipeToText } from "../exact/recipe.js";
import { compareAt } from "../model/comparison.js";
import { mebibytes, percent, significant } from "../model/format.js";
import { axisOf, createChart, cursorOf, SeriesColours } from "./chart.js";
import { element, inIdleTime, setAttribute, setText } from "./dom.js";
import { colourOf } from "./theme.js";

const Points = 60;

// While a slider moves, each size lasts a moment only.
const Rest = 400;

/**
 * @param {import("../model/store.js").Store} store
 * @param {{ points: () => { length: number, errorToLora: number, errorToBase: number | null }[] }} pins
 * @param {ReturnType<import("./theme.js").watchTheme>} theme
 */
export function createFronts(store, pins, theme) {
    const host = element("div.chart", { role: "img" });
    const chart = createChart(host, 300);
    const measure = element(
        "select",
        { id: "front-error", onchange: () => update() },
        element("option", { value: "errorToLora" }, "error to the LoRA"),
        element("option", { value: "errorToBase" }, "error to the base"),
    );
    const key = element("ul.key");
    const rows = element("tbody");
    const table = element(
        "details.table-of-chart",
        { ontoggle: () => update() },
        element("summary", {}, "The same as a table"),
        tableOf(rows),
    );
    const known = createKnown(store, () => update());
    const measured = createMeasured(store, () => update());
    function update() {
        const { hasBase } = store.file;
        measure.disabled = !hasBase;
        measure.value = hasBase ? measure.value : "errorToLora";
        const fronts = known.fronts();
        const y = measure.value;
        chart.draw(
            `${theme.isDark} ${store.fileIndex} ${y}`,
            () => optionsOf(measure.selectedOptions[0].textContent),
            dataOf(store, fronts, pins, y),
        );
        const { outcome } = store.answer();
        const compared = outcome === null ? "" : compareAt(fronts, measured.at(outcome.newLength), outcome.newLength, y);
        setAttribute(host, "aria-label", `Size of the file against ${measure.selectedOptions[0].textContent}. ${compared}`);
        setText(best, compared);
        key.replaceChildren(...keysOf(hasBase));
        if (table.open) {
            rows.replaceChildren(...fronts.flatMap(({ points }) => points.filter((_, at) => at % 6 === 5).map(rowOf)));
        }
    }

    const best = element("p.hint", { id: "front-best" });
    return {
        element: element(
            "section.card.fronts",
            { "aria-labelledby": "title-fronts" },
            element("h2", { id: "title-fronts" }, "What is possible for this file"),
            element("p.toolbar.no-print", {}, element("label.inline", { for: "front-error" }, "Show", measure)),
            host,
            key,
            best,
            table,
        ),
        update,
    };
}

// The fronts of each file and what is left out of it, computed when there is time.
function createKnown(store, onPoints) {
    let shown = "";
    let fronts = [];
    let stop = () => {};
    return {
        fronts() {
            const leftOut = store.leftOut[store.fileIndex];
            const key = `${store.fileIndex}\n${[...leftOut].join("\n")}`;
            if (key !== shown) {
                stop();
                shown = key;
                fronts = frontsOf(store).map((name) => ({ name, points: [] }));
                stop = inIdleTime(collect(fronts, store.files[store.fileIndex].idleMeasurer, leftOut), onPoints);
            }

            return fronts;
        },
    };
}

const frontsOf = (store) => Fronts.filter((name) => name !== "spn_ckpt" || store.file.hasBase);

// What the fronts that rank make of the size of the recipe, exactly, computed when the recipe rests.
function createMeasured(store, onPoints) {
    let shown = "";
    let points = new Map();
    let timer = 0;
    let stop = () => {};
    return {
        at(length) {
            const leftOut = store.leftOut[store.fileIndex];
            const key = `${store.fileIndex} ${length}\n${[...leftOut].join("\n")}`;
            if (key !== shown) {
                stop();
                clearTimeout(timer);
                shown = key;
                const own = (points = new Map());
                const { idleMeasurer } = store.files[store.fileIndex];
                timer = setTimeout(() => {
                    stop = inIdleTime(gather(own, pointsAt(idleMeasurer, frontsOf(store), leftOut, length)), onPoints);
                }, Rest);
            }

            return points;
        },
    };
}

function* gather(points, found) {
    for (const [name, point] of found) {
        points.set(name, point);
        yield;
    }
}

function* collect(fronts, measurer, leftOut) {
    for (const front of fronts) {
        for (const point of frontPoints(measurer, front.name, leftOut, Points)) {
            front.points.push(point);
            yield;
        }
    }
}

function optionsOf(label) {
    const line = (name) => ({ stroke: colourOf(name), width: 2, spanGaps: true, points: { show: false } });
    const dots = (name, size) => ({
        stroke: colourOf(name),
        fill: colourOf(name),
        paths: () => null,
        points: { show: true, size, fill: colourOf(name) },
    });
    return {
        scales: { x: { time: false }, y: { range: (_, low, high) => [0, (high ?? 1) * 1.05] } },
        series: [{}, ...Fronts.map((_, at) => line(SeriesColours[at])), dots("muted", 8), dots("ink", 12)],
        axes: [
            axisOf({ label: "size, MiB", size: 34 }),
            axisOf({ label: `${label}, %`, size: 52, values: (_, values) => values.map((value) => String(value)) }),
        ],
        cursor: cursorOf(),
    };
}

function dataOf(store, fronts, pins, y) {
    const { outcome } = store.answer();
    const current = outcome === null ? [] : [{ length: outcome.newLength, ...errorsOf(outcome.total) }];
    const ofName = (name) => fronts.find((front) => front.name === name)?.points ?? [];
    const sets = [...Fronts.map(ofName), pins.points(), current];
    return uPlot.join(sets.map((points) => tableAt(points, y)));
}

const errorsOf = (total) => ({ errorToLora: total.relativeErrorToLora, errorToBase: total.relativeErrorToBase });

// Sizes in order, each once.
function tableAt(points, y) {
    const byLength = new Map(points.filter((point) => point[y] !== null).map((point) => [point.length / 1048576, 100 * point[y]]));
    const sizes = [...byLength.keys()].sort((left, right) => left - right);
    return [sizes, sizes.map((size) => byLength.get(size))];
}

function keysOf(hasBase) {
    const names = Fronts.map((name, at) => [name, SeriesColours[at]]).filter(([name]) => name !== "spn_ckpt" || hasBase);
    return [...names, ["pins", "muted"], ["this recipe", "ink"]].map(([name, colour]) => {
        const swatch = element("span.swatch", { "aria-hidden": "true" });
        swatch.style.setProperty("--swatch", `var(--${colour})`);
        return element("li", {}, swatch, name);
    });
}

function tableOf(body) {
    const heads = ["Recipe", "Size", "Error", "Of base"].map((head) => element("th", { scope: "col" }, head));
    return element(
        "div.scroll",
        { tabIndex: 0, role: "region", "aria-label": "Fronts" },
        element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body),
    );
}

const rowOf = (point) =>
    element(
        "tr",
        {},
        element("th", { scope: "row" }, element("code", {}, shortRecipe(point.recipe))),
        ...[mebibytes(point.length), percent(point.errorToLora), percent(point.errorToBase)].map((cell) => element("td", {}, cell)),
    );

// The thresholds of a front are scores of dimensions, with all their digits; these are enough to find the place again.
const shortRecipe = (recipe) =>
    recipe.thr === null || !Number.isFinite(recipe.thr)
        ? recipeToText(recipe)
        : recipeToText({ ...recipe, thr: Number(significant(recipe.thr)) });
