// What the map shows, and how large: search, order, zoom, and the legend of its colours.

import { RampLength } from "../model/ramp.js";
import { element, setText } from "./dom.js";

const Orders = [
    ["file", "order of the file", false],
    ["name", "name", false],
    ["rank", "rank kept", true],
    ["error", "error", true],
    ["largest", "σ₁", true],
    ["saved", "numbers saved", true],
];
const LowestZoom = 2;
const HighestZoom = 32;

// Names stand beside the rows from this height on.
const Readable = 13;

/**
 * @param {HTMLElement} groups what is zoomed
 * @param {() => void} render
 */
export function createToolbar(groups, render) {
    const search = element("input", {
        type: "search",
        id: "search",
        placeholder: "name, * for any",
        "aria-label": "Search layers",
        oninput: render,
    });
    const order = element(
        "select",
        { id: "order", onchange: render },
        ...Orders.map(([value, label]) => element("option", { value }, label)),
    );
    const zoom = createZoom(groups, render);
    const legend = createLegend();
    const openAll = (isOpen) => groups.querySelectorAll("details").forEach((details) => (details.open = isOpen));
    return {
        element: element(
            "div.map-head",
            {},
            element("h2", { id: "title-map" }, "Layers × dimensions"),
            element(
                "div.toolbar.no-print",
                {},
                search,
                element("label.inline", { for: "order" }, "Sort", order),
                zoom.element,
                element("button.quiet", { type: "button", onclick: () => openAll(true) }, "Expand all"),
                element("button.quiet", { type: "button", onclick: () => openAll(false) }, "Collapse all"),
            ),
            legend.element,
        ),
        get search() {
            return search.value;
        },
        get hasNames() {
            return groups.classList.contains("has-names");
        },
        get order() {
            return order.value;
        },
        get isDescending() {
            return Orders.find(([value]) => value === order.value)[2];
        },
        update(view) {
            legend.update(view);
            zoom.update(view);
        },
    };
}

function createZoom(groups, render) {
    let zoom = LowestZoom;
    let zoomed = null;
    const slider = element("input", {
        type: "range",
        id: "zoom",
        min: String(LowestZoom),
        max: String(HighestZoom),
        "aria-label": "Zoom",
        oninput: () => set(Number(slider.value)),
    });
    const set = (value) => {
        zoom = Math.min(HighestZoom, Math.max(LowestZoom, value));
        slider.value = String(zoom);

        // Beyond the height at which names can be read, dimensions grow too.
        groups.style.setProperty("--row", `${zoom}px`);
        groups.style.setProperty("--wide", String(Math.max(1, zoom / 16)));
        const hasNames = zoom >= Readable;
        if (groups.classList.contains("has-names") !== hasNames) {
            groups.classList.toggle("has-names", hasNames);
            render();
        }
    };
    const stepped = (direction) => set(direction > 0 ? Math.ceil(zoom * 1.2) : Math.floor(zoom / 1.2));
    groups.addEventListener("wheel", (event) => zoomByWheel(event, stepped), { passive: false });
    groups.addEventListener("keydown", (event) => {
        if (event.key === "+" || event.key === "-") {
            event.preventDefault();
            stepped(event.key === "+" ? 1 : -1);
        }
    });
    return {
        element: element(
            "div.zoom",
            { role: "group", "aria-label": "Zoom" },
            element("button.quiet", { type: "button", "aria-label": "Smaller", onclick: () => stepped(-1) }, "−"),
            slider,
            element("button.quiet", { type: "button", "aria-label": "Larger", onclick: () => stepped(1) }, "+"),
        ),
        /** Fewer layers have taller rows to begin with. */
        update({ file }) {
            if (zoomed !== file) {
                zoomed = file;
                set(file.count > 400 ? 4 : file.count > 120 ? 6 : 10);
            }
        },
    };
}

function zoomByWheel(event, stepped) {
    if (event.ctrlKey) {
        event.preventDefault();
        stepped(event.deltaY < 0 ? 1 : -1);
    }
}

function createLegend() {
    const canvas = element("canvas", { width: RampLength, height: 2, "aria-hidden": "true" });
    const low = element("span");
    const high = element("span");
    let painted = null;
    return {
        element: element(
            "p.legend",
            {},
            element("span", {}, "score"),
            low,
            canvas,
            high,
            element("span.hint", {}, "bright: kept, pale: dropped; from left to right the dimensions of a layer, largest σ first"),
        ),
        update({ ramp, range }) {
            setText(low, range.low.toFixed(2).replace("-", "\u2212"));
            setText(high, range.high.toFixed(2).replace("-", "\u2212"));
            if (painted !== ramp) {
                const image = new ImageData(RampLength, 2);
                const pixels = new Uint32Array(image.data.buffer);
                pixels.set(ramp.kept, 0);
                pixels.set(ramp.dropped, RampLength);
                canvas.getContext("2d").putImageData(image, 0, 0);
                painted = ramp;
            }
        },
    };
}
