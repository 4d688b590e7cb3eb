// The numbers of each component, and of all files by the same recipe.

import { grouped, mebibytes, nearPercent, percent, retainedText } from "../model/format.js";
import { compareComponents } from "../model/rows.js";
import { visibleText } from "../model/visible.js";
import { element, isolated } from "./dom.js";

/** @param {import("../model/store.js").Store} store */
export function createTables(store) {
    const components = element("tbody");
    const files = element("tbody");
    const parts = table("By component", ["Component", "Rank", "Layers", "Error", "Of base", "Retained"], components, "components");
    const all = table("All files, by this recipe", ["File", "Size", "Share", "Rank", "Error", "Of base"], files, "files");
    let timer = 0;
    return {
        element: element("div.tables", {}, parts, store.files.length > 1 ? all : null),
        update() {
            const { outcome } = store.answer();
            components.replaceChildren(...componentsOf(outcome).map(componentRow));
            if (store.files.length > 1) {
                // The other files wait until the slider rests.
                clearTimeout(timer);
                timer = setTimeout(() => files.replaceChildren(...store.files.map((_, index) => fileRow(store, index))), 120);
            }
        },
    };
}

function table(title, heads, body, id) {
    return element(
        "section.card",
        { "aria-labelledby": `title-${id}` },
        element("h2", { id: `title-${id}` }, title),
        element(
            "div.scroll",
            { tabIndex: 0, role: "region", "aria-labelledby": `title-${id}` },
            element(
                "table",
                { id },
                element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
                body,
            ),
        ),
    );
}

const componentsOf = (outcome) =>
    [...(outcome?.components ?? [])].sort((left, right) => compareComponents(left.component, right.component));

const componentRow = (totals) =>
    row(visibleText(totals.component), [
        `${grouped(totals.oldRank)} → ${grouped(totals.newRank)}`,
        `${totals.layersKept} of ${totals.layersKept + totals.layersDropped}`,
        nearPercent(totals.relativeErrorToLora, totals.isApproximate),
        nearPercent(totals.relativeErrorToBase, totals.isApproximate),
        retainedText(totals.retained),
    ]);

function fileRow(store, index) {
    const name = visibleText(store.files[index].name);
    const { outcome, error } = store.answer(index);
    if (outcome === null) {
        return element("tr", {}, head(name), element("td", { colspan: 5 }, visibleText(error)));
    }

    const { total } = outcome;
    const made = row(name, [
        mebibytes(outcome.newLength),
        percent(outcome.newLength / outcome.oldLength),
        `${grouped(total.oldRank)} → ${grouped(total.newRank)}`,
        nearPercent(total.relativeErrorToLora, total.isApproximate),
        nearPercent(total.relativeErrorToBase, total.isApproximate),
    ]);
    made.classList.toggle("is-current", index === store.fileIndex);
    return made;
}

const head = (text) => element("th", { scope: "row" }, isolated(text));
const row = (name, cells) => element("tr", {}, head(name), ...cells.map((cell) => element("td", {}, cell)));
