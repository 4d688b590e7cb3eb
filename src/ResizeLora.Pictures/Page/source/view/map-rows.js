// The rows of a block: a canvas with a pixel for each dimension, the names of the layers beside it, and a cursor that keys move.

import { percent } from "../model/format.js";
import { describeDimension, describeLayer } from "../model/quantities.js";
import { visibleText } from "../model/visible.js";
import { element, isolated, setAttribute, setText } from "./dom.js";
import { colourOfDimension } from "./map-colours.js";

const Nearest = { block: "nearest", inline: "nearest" };
let created = 0;

/**
 * @param {string} label what the rows are of
 * @param {object} actions
 */
export function createRows(label, actions) {
    const canvas = element("canvas.cells");
    const cell = element("div.cell", { hidden: true });
    const cursor = element("div.cursor", { hidden: true }, cell);
    const marks = element("div.marks");
    const block = created++;
    const option = element("div.visually-hidden", { role: "option" });
    const names = element("ol.names", { "aria-hidden": "true" });
    const box = element(
        "div.rows",
        { tabIndex: 0, role: "listbox", "aria-multiselectable": "true", "aria-label": label },
        names,
        element("div.cells-box", {}, canvas, marks, cursor, option),
    );
    let row = 0;
    let dimension = -1;
    let view = null;
    let layers = [];
    let named = "";
    const describe = () => {
        row = Math.min(layers.length - 1, Math.max(0, row));
        const layer = layers[row];
        const text = `${visibleText(view.file.layers.name[layer])}, ${describeLayer(view.file, layer, view.outcomes.get(layer), percent)}`;
        setText(option, text);

        // A screen reader speaks when another element becomes the active one, not when the text of the same one changes.
        option.id = `row-${block}-${layer}`;
        setAttribute(box, "aria-activedescendant", option.id);
        setAttribute(option, "aria-selected", view.chosen.includes(layer));
        setAttribute(option, "aria-posinset", row + 1);
        setAttribute(option, "aria-setsize", layers.length);
        cursor.style.setProperty("--at", String(row));
        cell.hidden = dimension < 0 || dimension >= view.file.layers.count[layer];
        cell.style.setProperty("--dimension", String(dimension));
        cell.style.setProperty("--width", String(view.width));
        return text;
    };
    const move = (to) => {
        row = to;
        dimension = -1;
        setText(actions.spoken, describe());
        setText(actions.readout, actions.spoken.textContent);
    };
    const walk = (steps) => {
        const layer = layers[row];
        dimension = Math.min(view.file.layers.count[layer] - 1, Math.max(0, dimension + steps));
        describe();
        const text = describeDimension(view.file, layer, dimension, view);
        setText(actions.spoken, text);
        setText(actions.readout, `${visibleText(view.file.layers.name[layer])} · ${text}`);
    };
    listen(box, canvas, {
        cursor,
        move,
        walk,
        toggle: () => actions.chosen.toggle(layers[row]),
        reveal: () => (cell.hidden ? scrollTo(cursor, box.closest(".groups")) : cell.scrollIntoView(Nearest)),
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

function listen(box, canvas, { cursor, move, walk, toggle, reveal, row, rowCount, point }) {
    const keys = {
        ArrowDown: () => (row() === rowCount() - 1 ? leave(box, 1) : move(row() + 1)),
        ArrowUp: () => (row() === 0 ? leave(box, -1) : move(row() - 1)),
        ArrowRight: () => walk(1),
        ArrowLeft: () => walk(-1),
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
    cursor.scrollIntoView(Nearest);
    groups.scrollLeft = left;
}

// Over the last row lies the next block that is open.
function leave(box, direction) {
    const boxes = [...box.closest(".groups").querySelectorAll(".rows")].filter((other) => other.offsetParent !== null);
    boxes[boxes.indexOf(box) + direction]?.focus();
}

function point(event, canvas, layers, view, readout) {
    const { file, width } = view;
    const box = canvas.getBoundingClientRect();
    const layer = layers[Math.floor(((event.clientY - box.top) / box.height) * layers.length)];
    const dimension = Math.floor(((event.clientX - box.left) / box.width) * width);
    if (layer !== undefined && dimension < file.layers.count[layer]) {
        setText(readout, `${visibleText(file.layers.name[layer])} · ${describeDimension(file, layer, dimension, view)}`);
    }
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
