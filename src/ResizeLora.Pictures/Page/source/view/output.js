// The recipe, to read, type and copy, and the command line that writes the file.

import { isAllLeftOut } from "../exact/command.js";
import { visibleText } from "../model/visible.js";
import { copyButton } from "./copy.js";
import { element, setAttribute, setText } from "./dom.js";

/** @param {import("../model/store.js").Store} store */
export function createOutput(store) {
    const recipe = createRecipeLine(store, () => update());
    const command = createCommandLine(store, () => update());
    function update() {
        recipe.update();
        command.update();
    }

    return {
        element: element("section.output", { "aria-label": "Recipe and command line" }, ...recipe.elements, command.element),
        update,
    };
}

function createRecipeLine(store, onTyped) {
    const error = element("p.error", { id: "recipe-error", role: "alert" });
    const input = element("input.code", {
        id: "recipe",
        type: "text",
        spellcheck: false,
        autocomplete: "off",
        "aria-describedby": "recipe-error",
        onchange() {
            store.tryRecipe(input.value);

            // A click on Copy that ends the typing comes before the next frame.
            onTyped();
        },
    });
    const recipe = element("span.visually-hidden");
    const copy = copyButton("the recipe", recipe);
    let shown = null;
    return {
        elements: [element("div.recipe-line", {}, element("label", { for: "recipe" }, "Recipe"), input, recipe, copy), error],
        update() {
            const { field } = store;
            const key = JSON.stringify(field);

            // What somebody is typing stays while other parts of the page change.
            if (key !== shown) {
                shown = key;
                input.value = visibleText(field.text);
                setText(error, visibleText(field.error ?? ""));
                setAttribute(input, "aria-invalid", field.error === null ? null : true);
            }

            setText(recipe, store.recipe.text);
            copy.disabled = !store.isReady;
        },
    };
}

function createCommandLine(store, onChosen) {
    const command = element("code", { id: "command" });
    const pre = element("pre", { tabIndex: 0, "aria-labelledby": "command-label" }, command);
    const note = element("p.hint", { id: "command-note", role: "status" });
    const copy = copyButton("the command line", command);
    const which = element(
        "select.no-print",
        { id: "command-of", "aria-label": "Command line for", hidden: store.files.length === 1, onchange: onChosen },
        element("option", { value: "one" }, "this file"),
        element("option", { value: "all" }, "all files"),
    );
    return {
        element: element(
            "div.command-line",
            {},
            element("div.label", {}, element("span", { id: "command-label" }, "PowerShell"), which),
            element("div.command", {}, pre, note),
            copy,
        ),
        update() {
            const isOfAll = which.value === "all";
            const text = store.command(isOfAll);
            setText(command, text);
            pre.hidden = text === "";
            setText(note, visibleText(isOfAll ? noteOfAll(store) : (store.answer().error ?? "")));
            copy.disabled = text === "" || store.field.error !== null;
        },
    };
}

// Which files the command line of all files does not write, and why.
function noteOfAll(store) {
    const empty = store.files.filter(({ file }, index) => isAllLeftOut(file, store.leftOut[index])).map(({ name }) => name);
    return store.recipe.error ?? (empty.length === 0 ? "" : `Every block is left out, nothing is left to write: ${empty.join(", ")}.`);
}
