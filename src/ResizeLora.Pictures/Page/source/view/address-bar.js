// Keeps the state in the address, a while after the last change: browsers allow few changes a second.

import { addressOf, readAddress } from "../model/address.js";

/** @param {import("../model/store.js").Store} store */
export function keepAddress(store) {
    let timer = 0;
    let written = location.hash;
    store.subscribe(() => {
        clearTimeout(timer);
        timer = setTimeout(() => {
            const { text } = store.recipe;
            if (text !== "" && store.refused === null) {
                written = `#${addressOf({ recipe: text, file: store.fileIndex, leftOut: store.leftOut.map((keys) => [...keys]) })}`;
                replaceAddress(written);
            }
        }, 300);
    });
    addEventListener("hashchange", () => {
        if (location.hash !== written) {
            openAddress(store, location.hash);
        }
    });
}

// A page in a mail's preview may not be allowed to change its address; it works without.
function replaceAddress(text) {
    try {
        history.replaceState(null, "", text);
    } catch {
        return;
    }
}

/**
 * Shows what an address says.
 * @param {import("../model/store.js").Store} store
 * @param {string} text behind #, of anybody
 */
export function openAddress(store, text) {
    const state = readAddress(text, store.files.length);
    state.leftOut.forEach((keys, index) => {
        store.leaveOut(store.leftOut[index], false, index);
        store.leaveOut(keys, true, index);
    });
    store.showFile(state.file);
    if (state.recipe !== null) {
        store.tryRecipe(state.recipe);
    }
}
