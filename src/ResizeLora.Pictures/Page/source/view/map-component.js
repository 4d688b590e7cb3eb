// A component of the map with its blocks; both can be collapsed, and left out of the file.

import { percent } from "../model/format.js";
import { groupTotals } from "../model/quantities.js";
import { visibleText } from "../model/visible.js";
import { element, isolated, setText } from "./dom.js";
import { colourOfDimension } from "./map-colours.js";
import { createRows } from "./map-rows.js";

/**
 * @param {string} name
 * @param {import("../model/rows.js").RowGroup[]} groups
 * @param {import("./map-colours.js").MapView} view
 * @param {object} actions
 */
export function createComponent(name, groups, view, actions) {
    const { store } = view;
    const blocks = groups.map((group) => createBlock(group, view, actions));
    const head = createHead(name, (isIn) => store.leaveOut(groups.map((group) => group.key), !isIn));
    const layers = groups.flatMap((group) => group.layers);
    const details = element("details.component", { open: actions.isOpen(name) }, head.element, ...blocks.map((block) => block.element));
    return {
        element: details,
        openState: () => [[name, details.open], ...blocks.map((block) => block.openState())],
        update(next) {
            const out = groups.filter((group) => next.store.leftOut[next.store.fileIndex].has(group.key)).length;
            head.update(next, layers, out === 0 ? "in" : out === groups.length ? "out" : "partly");
            blocks.forEach((block) => block.update(next));
        },
    };
}

function createBlock(group, view, actions) {
    const { store } = view;
    const head = createHead(group.block === "" ? "other layers" : group.block, (isIn) => store.leaveOut([group.key], !isIn));
    const band = element("canvas.band", { width: view.width, height: 1, "aria-hidden": "true" });
    head.element.append(band);
    const rows = createRows(group, view, actions);
    const details = element("details.block", { open: actions.isOpen(group.key), ontoggle: () => update(latest) }, head.element, rows.element);
    let latest = view;
    const update = (next) => {
        latest = next;
        const isOut = next.store.leftOut[next.store.fileIndex].has(group.key);
        head.update(next, group.layers, isOut ? "out" : "in");
        details.classList.toggle("is-out", isOut);
        if (details.open) {
            rows.update(next);
        } else {
            paintBand(band, group.layers, next);
        }
    };
    return { element: details, openState: () => [group.key, details.open], update };
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
