// The rows of a block: a canvas with a pixel for each dimension, the names of the layers beside it, and a cursor that keys move.

import { percent, scoreText, significant } from "../model/format.js";
import { describeLayer } from "../model/quantities.js";
import { visibleText } from "../model/visible.js";
import { element, isolated, setAttribute, setText } from "./dom.js";
import { colourOfDimension } from "./map-colours.js";

let created = 0;

/**
 * @param {string} label what the rows are of
 * @param {object} actions
 */
export function createRows(label, actions) {
    const canvas = element("canvas.cells");
    const cursor = element("div.cursor", { hidden: true });
    const marks = element("div.marks");
    const option = element("div.visually-hidden", { id: `row-${created++}`, role: "option" });
    const names = element("ol.names", { "aria-hidden": "true" });
    const box = element(
        "div.rows",
        { tabIndex: 0, role: "listbox", "aria-multiselectable": "true", "aria-label": label, "aria-activedescendant": option.id },
        names,
        element("div.cells-box", {}, canvas, marks, cursor, option),
    );
    let row = 0;
    let view = null;
    let layers = [];
    let named = "";
    const describe = () => {
        row = Math.min(layers.length - 1, Math.max(0, row));
        const layer = layers[row];
        const text = `${visibleText(view.file.layers.name[layer])}, ${describeLayer(view.file, layer, view.outcomes.get(layer), percent)}`;
        setText(option, text);
        setAttribute(option, "aria-selected", view.chosen.includes(layer));
        setAttribute(option, "aria-posinset", row + 1);
        setAttribute(option, "aria-setsize", layers.length);
        cursor.style.setProperty("--at", String(row));
        return text;
    };
    const move = (to) => {
        row = to;
        setText(actions.spoken, describe());
        setText(actions.readout, actions.spoken.textContent);
    };
    listen(box, canvas, {
        cursor,
        move,
        toggle: () => actions.chosen.toggle(layers[row]),
        reveal: () => scrollTo(cursor, box.closest(".groups")),
        row: () => row,
        rowCount: () => layers.length,
        point: (event) => point(event, canvas, layers, view, actions.readout),
    });
    return {
        element: box,
        /**
         * @param {import("./map-colours.js").MapView} nextView
         * @param {number[]} nextLayers
         */
        update(nextView, nextLayers) {
            view = nextView;
            layers = nextLayers;
            box.style.setProperty("--rows", String(layers.length));
            paint(canvas, layers, view);
            describe();
            const own = layers.map((layer, at) => (view.chosen.includes(layer) ? at : -1)).filter((at) => at >= 0);
            marks.replaceChildren(...own.map(markOf));
            if (view.hasNames && named !== layers.join()) {
                named = layers.join();
                names.replaceChildren(...layers.map((layer) => nameOf(view.file, layer)));
            }
        },
    };
}

function nameOf(file, layer) {
    const name = visibleText(file.layers.name[layer]);
    return element("li", { title: name }, isolated(name));
}

function markOf(at) {
    const mark = element("div.mark");
    mark.style.setProperty("--at", String(at));
    return mark;
}

function listen(box, canvas, { cursor, move, toggle, reveal, row, rowCount, point }) {
    const keys = {
        ArrowDown: () => (row() === rowCount() - 1 ? leave(box, 1) : move(row() + 1)),
        ArrowUp: () => (row() === 0 ? leave(box, -1) : move(row() - 1)),
        PageDown: () => move(row() + 10),
        PageUp: () => move(row() - 10),
        Home: () => move(0),
        End: () => move(rowCount() - 1),
        Enter: toggle,
        " ": toggle,
    };
    box.addEventListener("keydown", (event) => {
        if (keys[event.key] !== undefined && !event.ctrlKey && !event.altKey) {
            event.preventDefault();
            keys[event.key]();
            reveal();
        }
    });
    box.addEventListener("focus", () => {
        cursor.hidden = false;
        move(row());
    });
    box.addEventListener("blur", () => (cursor.hidden = true));
    canvas.addEventListener("mousemove", point);
    box.addEventListener("click", (event) => {
        const { top, height } = canvas.getBoundingClientRect();
        move(Math.floor(((event.clientY - top) / height) * rowCount()));
        toggle();
    });
}

// Rows are followed up and down; sideways the map stays where it is.
function scrollTo(cursor, groups) {
    const left = groups.scrollLeft;
    cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
    groups.scrollLeft = left;
}

// Over the last row lies the next block that is open.
function leave(box, direction) {
    const boxes = [...box.closest(".groups").querySelectorAll(".rows")].filter((other) => other.offsetParent !== null);
    boxes[boxes.indexOf(box) + direction]?.focus();
}

function point(event, canvas, layers, { file, scores, mask, width }, readout) {
    const box = canvas.getBoundingClientRect();
    const layer = layers[Math.floor(((event.clientY - box.top) / box.height) * layers.length)];
    const dimension = Math.floor(((event.clientX - box.left) / box.width) * width);
    const index = file.start[layer] + dimension;
    if (layer === undefined || index >= file.start[layer + 1]) {
        return;
    }

    const parts = [
        visibleText(file.layers.name[layer]),
        `dimension ${dimension + 1} of ${file.layers.count[layer]}`,
        `σ ${significant(file.singular[index])}`,
        `score ${scoreText(scores[index])}`,
        mask[index] === 1 ? "kept" : "dropped",
    ];
    setText(readout, parts.join(" · "));
}

function paint(canvas, layers, view) {
    const { file, width } = view;
    if (canvas.width !== width || canvas.height !== layers.length) {
        canvas.width = width;
        canvas.height = layers.length;
    }

    const image = new ImageData(width, layers.length);
    const pixels = new Uint32Array(image.data.buffer);
    layers.forEach((layer, row) => {
        const start = file.start[layer];
        const count = file.start[layer + 1] - start;
        for (let dimension = 0; dimension < count; dimension++) {
            pixels[row * width + dimension] = colourOfDimension(view, start + dimension);
        }
    });
    canvas.getContext("2d").putImageData(image, 0, 0);
}
