// A component of the map with its blocks; both can be collapsed, and left out of the file.

import { percent } from "../model/format.js";
import { groupTotals } from "../model/quantities.js";
import { visibleText } from "../model/visible.js";
import { element, isolated, setText } from "./dom.js";
import { colourOfDimension } from "./map-colours.js";
import { createRows } from "./map-rows.js";

/**
 * @param {string} name
 * @param {import("../model/store.js").Store} store
 * @param {object} actions
 */
export function createComponent(name, store, actions) {
    const blocks = new Map();
    const body = element("div");
    let groups = [];
    let shown = "";
    const head = createHead(name, (isIn) =>
        store.leaveOut(
            groups.map((group) => group.key),
            !isIn,
        ),
    );
    const blockOf = (group) => blocks.get(group.key) ?? blocks.set(group.key, createBlock(group, store, actions)).get(group.key);
    return {
        element: element("details.component", { open: true }, head.element, body),
        /**
         * @param {import("./map-colours.js").MapView} view
         * @param {import("../model/rows.js").RowGroup[]} next
         */
        update(view, next) {
            groups = next;
            const key = groups.map((group) => group.key).join("\n");
            if (key !== shown) {
                shown = key;
                body.replaceChildren(...groups.map((group) => blockOf(group).element));
            }

            const out = groups.filter((group) => view.leftOut.has(group.key)).length;
            head.update(
                view,
                groups.flatMap((group) => group.layers),
                out === 0 ? "in" : out === groups.length ? "out" : "partly",
            );
            groups.forEach((group) => blockOf(group).update(view, group.layers));
        },
    };
}

function createBlock(group, store, actions) {
    const head = createHead(group.block === "" ? "other layers" : group.block, (isIn) => store.leaveOut([group.key], !isIn));
    const band = element("canvas.band", { "aria-hidden": "true" });
    head.element.append(band);
    const rows = createRows(`Layers of ${visibleText(group.component)}, ${visibleText(group.block)}`, actions);
    const details = element("details.block", { open: true, ontoggle: () => paint() }, head.element, rows.element);
    let view = null;
    let layers = [];
    const paint = () => (details.open ? rows.update(view, layers) : paintBand(band, layers, view));
    return {
        element: details,
        update(nextView, nextLayers) {
            view = nextView;
            layers = nextLayers;
            const isOut = view.leftOut.has(group.key);
            head.update(view, layers, isOut ? "out" : "in");
            details.classList.toggle("is-out", isOut);
            paint();
        },
    };
}

// The line that is always there: whether the group is in, its name, and its numbers.
function createHead(name, include) {
    const shown = visibleText(name);
    const check = element("input", {
        type: "checkbox",
        "aria-label": `Write ${shown}`,
        title: "Leave out, or take in",
        onchange: () => include(check.checked),
    });
    const count = element("span.count");
    const ranks = element("span.ranks");
    const error = element("span.group-error");
    return {
        element: element("summary", {}, check, element("span.group-name", {}, isolated(shown)), count, ranks, error),
        update({ file, outcomes }, layers, state) {
            check.checked = state !== "out";
            check.indeterminate = state === "partly";
            setText(count, layers.length === 1 ? "1 layer" : `${layers.length} layers`);
            const totals = groupTotals(file, layers, outcomes);
            const rank = layers.reduce((sum, layer) => sum + file.layers.rank[layer], 0);
            setText(ranks, totals === null ? `rank ${rank}` : `${totals.oldRank} → ${totals.newRank}`);
            setText(error, state === "out" ? "left out" : totals === null ? "" : percent(totals.relativeErrorToLora));
        },
    };
}

// The best score of each dimension: what a collapsed block still says.
function paintBand(canvas, layers, view) {
    const { file, scores, mask } = view;
    canvas.width = view.width;
    canvas.height = 1;
    const image = new ImageData(view.width, 1);
    const pixels = new Uint32Array(image.data.buffer);
    for (let dimension = 0; dimension < view.width; dimension++) {
        let best = -1;
        for (const layer of layers) {
            const index = file.start[layer] + dimension;
            const isThere = index < file.start[layer + 1];
            if (isThere && (best < 0 || mask[index] > mask[best] || (mask[index] === mask[best] && scores[index] > scores[best]))) {
                best = index;
            }
        }

        pixels[dimension] = best < 0 ? 0 : colourOfDimension(view, best);
    }

    canvas.getContext("2d").putImageData(image, 0, 0);
}
