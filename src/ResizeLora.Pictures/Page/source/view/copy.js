// Copies text, where the browser lets a page do that; otherwise the text is selected, and the keyboard copies it.

import { element } from "./dom.js";

/**
 * A button that copies; whoever makes it turns it off while there is nothing to copy.
 * @param {string} label what is copied
 * @param {HTMLElement} source what holds it
 * @returns {HTMLButtonElement}
 */
export function copyButton(label, source) {
    const button = element("button.quiet.no-print", { type: "button", "aria-label": `Copy ${label}`, onclick: copy }, "Copy");
    let timer = 0;
    async function copy() {
        const text = source.textContent;
        button.textContent = (await tryCopy(text)) ? "Copied" : select(source);
        clearTimeout(timer);
        timer = setTimeout(() => {
            button.textContent = "Copy";
        }, 2500);
    }

    return button;
}

async function tryCopy(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false;
    }
}

function select(source) {
    const selection = getSelection();
    selection.selectAllChildren(source);
    return document.execCommand?.("copy") ? "Copied" : "Press Ctrl+C";
}
