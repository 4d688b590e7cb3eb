// The page: reads the data, and puts the parts together.

import { Store } from "./model/store.js";
import { keepAddress, openAddress } from "./view/address-bar.js";
import { createControls } from "./view/controls.js";
import { element } from "./view/dom.js";
import { installDoor } from "./view/door.js";
import { createFigures } from "./view/figures.js";
import { createFronts } from "./view/fronts.js";
import { createHeader } from "./view/header.js";
import { createMap } from "./view/map.js";
import { createOutput } from "./view/output.js";
import { createPins } from "./view/pins.js";
import { createSpectra } from "./view/spectra.js";
import { createTables } from "./view/tables.js";
import { watchTheme } from "./view/theme.js";

const data = JSON.parse(document.getElementById("spectra").textContent);
const store = new Store(data, (callback) => requestAnimationFrame(callback));
openAddress(store, location.hash);

const theme = watchTheme();
const chosen = createChosen();
const pins = createPins(store, data.recipes.length > 0 ? data.recipes : [store.recipe.text]);
const parts = [
    createHeader(store, theme),
    createControls(store, chosen),
    createFigures(store, pins),
    createOutput(store),
    createMap(store, chosen, theme),
    createSpectra(store, chosen, theme),
    createFronts(store, pins, theme),
    pins,
    createTables(store),
];
document.getElementById("page").append(...layOut(parts.map((part) => part.element)));
const update = createUpdate(parts.slice(0, 5), parts.slice(5));
store.subscribe(update);
chosen.subscribe(update);
theme.subscribe(update);
update();
keepAddress(store);
installDoor(store);

// The numbers and the map follow a slider at once; charts and tables do a picture later.
function createUpdate(first, second) {
    let isWaiting = false;
    return () => {
        first.forEach((part) => part.update());
        if (!isWaiting) {
            isWaiting = true;
            requestAnimationFrame(() => {
                isWaiting = false;
                second.forEach((part) => part.update());
            });
        }
    };
}

function layOut([header, controls, figures, output, map, spectra, fronts, pinned, tables]) {
    return [
        header,
        element(
            "main",
            {},
            element(
                "div.panel",
                { id: "panel", ...(store.files.length > 1 ? { role: "tabpanel", "aria-label": "The chosen file" } : {}) },
                element("div.side", {}, controls),
                element(
                    "div.centre",
                    {},
                    figures,
                    output,
                    element("div.pair", {}, map, element("div.charts", {}, spectra, fronts)),
                    pinned,
                    tables,
                ),
            ),
        ),
    ];
}

// The layers whose spectra are drawn, per file; the newest last.
function createChosen() {
    const Most = 6;
    const listeners = [];
    const layers = [];
    const own = () => (layers[store.fileIndex] ??= [largestLayer(store.file)]);
    return {
        get layers() {
            return own();
        },
        toggle(layer) {
            layers[store.fileIndex] = own().includes(layer) ? own().filter((other) => other !== layer) : [...own(), layer].slice(-Most);
            listeners.forEach((listener) => listener());
        },
        subscribe: (listener) => listeners.push(listener),
    };
}

function largestLayer(file) {
    let largest = 0;
    for (let layer = 1; layer < file.count; layer++) {
        largest = file.singular[file.start[layer]] > file.singular[file.start[largest]] ? layer : largest;
    }

    return largest;
}
