// The recipe, to read, type and copy, and the command line that writes the file.

import { visibleText } from "../model/visible.js";
import { copyButton } from "./copy.js";
import { element, setAttribute, setText } from "./dom.js";

/** @param {import("../model/store.js").Store} store */
export function createOutput(store) {
    const error = element("p.error", { id: "recipe-error", role: "alert" });
    const input = element("input.code", {
        id: "recipe",
        type: "text",
        spellcheck: false,
        autocomplete: "off",
        "aria-describedby": "recipe-error",
        onchange: () => apply(store, input, error),
    });
    const recipe = element("span.visually-hidden");
    const command = element("code", { id: "command" });
    const which = element(
        "select.no-print",
        { id: "command-of", "aria-label": "Command line for", hidden: store.files.length === 1, onchange: () => update() },
        element("option", { value: "one" }, "this file"),
        element("option", { value: "all" }, "all files"),
    );
    function update() {
        const { text } = store.recipe;
        if (text !== "" && text !== recipe.textContent) {
            input.value = text;
            setText(error, "");
            setAttribute(input, "aria-invalid", null);
        }

        setText(recipe, text);
        setText(command, store.command(which.value === "all"));
    }

    return {
        element: element(
            "section.output",
            { "aria-label": "Recipe and command line" },
            element("div.recipe-line", {}, element("label", { for: "recipe" }, "Recipe"), input, recipe, copyButton("the recipe", recipe)),
            error,
            element(
                "div.command-line",
                {},
                element("div.label", {}, element("span", { id: "command-label" }, "PowerShell"), which),
                element("pre", { tabIndex: 0, "aria-labelledby": "command-label" }, command),
                copyButton("the command line", command),
            ),
        ),
        update,
    };
}

function apply(store, input, error) {
    try {
        store.setRecipe(input.value);
        setText(error, "");
        setAttribute(input, "aria-invalid", null);
    } catch (problem) {
        setText(error, visibleText(problem.message));
        setAttribute(input, "aria-invalid", true);
    }
}
