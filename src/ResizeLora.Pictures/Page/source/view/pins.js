// The recipes that were tried and kept, with what each makes of each file.

import { parseRecipe } from "../exact/recipe-parser.js";
import { recipeToText } from "../exact/recipe.js";
import { mebibytes, nearPercent, percent, retainedText } from "../model/format.js";
import { visibleText } from "../model/visible.js";
import { element, inIdleTime, isolated } from "./dom.js";

/**
 * @param {import("../model/store.js").Store} store
 * @param {string[]} recipes those that are pinned from the start
 */
export function createPins(store, recipes) {
    const body = element("tbody");
    const region = element(
        "div.scroll",
        { tabIndex: 0, role: "region", "aria-labelledby": "title-pins" },
        element("table", { id: "pins" }, headOf(store), body),
    );
    const empty = element("p.hint", {}, "Nothing is pinned yet.");
    const pins = recipes
        .map(parsed)
        .filter((recipe) => recipe !== null)
        .map((recipe) => pinOf(store, recipe, store.leftOut));
    let shown = -1;
    let changes = 0;
    let stop = () => {};
    const changed = () => {
        changes++;
        store.tell();
    };
    const actions = {
        open: (pin) => open(store, pin),
        remove(pin) {
            pins.splice(pins.indexOf(pin), 1);
            region.focus();
            changed();
        },
    };
    return {
        element: element(
            "section.card.pins",
            { "aria-labelledby": "title-pins" },
            element("h2", { id: "title-pins" }, "Recipes tried"),
            empty,
            region,
        ),
        /** Keeps the recipe of the controls. */
        add() {
            const { recipe, text } = store.recipe;
            const { leftOut } = store;
            const isKnown = pins.some((pin) => pin.text === text && pin.leftOut.every((keys, index) => sameKeys(keys, leftOut[index])));
            if (recipe !== null && !isKnown) {
                pins.push(pinOf(store, recipe, leftOut));
                changed();
            }
        },
        /** Where the pins of the shown file stand between size and error. */
        points: () =>
            pins
                .map((pin) => pin.answers[store.fileIndex]?.outcome ?? null)
                .filter((outcome) => outcome !== null)
                .map(({ newLength, total }) => ({
                    length: newLength,
                    errorToLora: total.relativeErrorToLora,
                    errorToBase: total.relativeErrorToBase,
                })),
        update() {
            if (shown !== changes) {
                shown = changes;
                body.replaceChildren(...pins.flatMap((pin) => rowsOf(store, pin, actions)));
                empty.hidden = pins.length > 0;
                stop();
                stop = pins.every(isMeasured) ? () => {} : inIdleTime(measureAll(store, pins), changed);
            }
        },
    };
}

function parsed(text) {
    try {
        return parseRecipe(text);
    } catch {
        return null;
    }
}

const pinOf = (store, recipe, leftOut) => ({
    text: recipeToText(recipe),
    recipe,
    leftOut: [...leftOut],
    answers: store.files.map(() => null),
});

const isMeasured = (pin) => pin.answers.every((answer) => answer !== null);

// The shown file first: its points are on the chart.
function* measureAll(store, pins) {
    const order = store.files.map((_, index) => index).sort((left) => (left === store.fileIndex ? -1 : 1));
    for (const index of order) {
        for (const pin of pins) {
            pin.answers[index] ??= slim(store.measure(pin.recipe, index, pin.leftOut[index]));
            yield;
        }
    }
}

// Pins are many: their maps are not kept.
const slim = ({ outcome, error }) => ({
    error,
    outcome: outcome === null ? null : { newLength: outcome.newLength, oldLength: outcome.oldLength, total: outcome.total },
});

const sameKeys = (one, other) => one.size === other.size && [...one].every((key) => other.has(key));

function open(store, pin) {
    pin.leftOut.forEach((keys, index) => {
        store.leaveOut(store.leftOut[index], false, index);
        store.leaveOut(keys, true, index);
    });
    store.setRecipe(pin.text);
}

function headOf(store) {
    const heads = ["Recipe", ...(store.files.length > 1 ? ["File"] : []), "Size", "Share", "Error", "Of base", "Retained"];
    const cells = heads.map((head) => element(head === "File" ? "th.text" : "th", { scope: "col" }, head));
    const last = element("th.no-print", { scope: "col" }, element("span.visually-hidden", {}, "Remove"));
    return element("thead", {}, element("tr", {}, ...cells, last));
}

function rowsOf(store, pin, { open: show, remove }) {
    const span = store.files.length;
    const blocks = pin.leftOut.reduce((sum, keys) => sum + keys.size, 0);
    const recipe = element(
        "th",
        { scope: "rowgroup", rowspan: span },
        element(
            "button.link",
            { type: "button", title: "Go back to this recipe", onclick: () => show(pin) },
            element("code", {}, pin.text),
        ),
        blocks > 0 ? element("span.hint", {}, ` without ${blocks} ${blocks === 1 ? "block" : "blocks"}`) : null,
    );
    const end = element(
        "td.no-print",
        { rowspan: span },
        element("button.quiet", { type: "button", "aria-label": `Remove ${pin.text}`, onclick: () => remove(pin) }, "×"),
    );
    return store.files.map(({ name: fileName }, index) => {
        const name = span > 1 ? element("td.text", {}, isolated(visibleText(fileName))) : null;
        const isFirst = index === 0;
        return element("tr", {}, isFirst ? recipe : null, name, ...cellsOf(pin.answers[index]), isFirst ? end : null);
    });
}

function cellsOf(answer) {
    const { outcome, error } = answer ?? { outcome: null, error: "…" };
    if (outcome === null) {
        return [element("td", { colspan: 5 }, visibleText(error))];
    }

    const { total } = outcome;
    return [
        mebibytes(outcome.newLength),
        percent(outcome.newLength / outcome.oldLength),
        nearPercent(total.relativeErrorToLora, total.isApproximate),
        nearPercent(total.relativeErrorToBase, total.isApproximate),
        retainedText(total.retained),
    ].map((cell) => element("td", {}, cell));
}
