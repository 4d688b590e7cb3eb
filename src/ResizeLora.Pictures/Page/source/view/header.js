// The head of the page: what it is of, a tab for each file, and the theme.

import { mebibytes } from "../model/format.js";
import { visibleText } from "../model/visible.js";
import { element, isolated, setAttribute, setText } from "./dom.js";

const ThemeNames = { auto: "as the system", light: "light", dark: "dark" };

/**
 * @param {import("../model/store.js").Store} store
 * @param {ReturnType<import("./theme.js").watchTheme>} theme
 */
export function createHeader(store, theme) {
    const themeButton = element("button.quiet.no-print", { type: "button", onclick: () => theme.next() });
    const tabs = store.files.map(({ name }, index) =>
        element(
            "button.tab",
            { type: "button", role: "tab", "aria-controls": "panel", onclick: () => store.showFile(index) },
            isolated(visibleText(name)),
        ),
    );
    const tabList = element(
        "div.tabs",
        { role: "tablist", "aria-label": "LoRA files", onkeydown: (event) => moveTab(store, tabs, event) },
        ...tabs,
    );
    const about = element("p.about");
    const title = element("h1", {}, "ResizeLora");
    return {
        element: element("header", {}, element("div.head", {}, title, about, themeButton), store.files.length > 1 ? tabList : null),
        update() {
            tabs.forEach((tab, index) => {
                setAttribute(tab, "aria-selected", index === store.fileIndex);
                tab.tabIndex = index === store.fileIndex ? 0 : -1;
            });
            setText(themeButton, `Theme: ${ThemeNames[theme.theme]}`);
            setText(about, describe(store.file));
        },
    };
}

function describe(file) {
    const base = file.checkpoints.map((path) => path.split(/[\\/]/).pop()).join(", ");
    const against = base === "" ? "no base model" : `against ${base}`;
    return visibleText(`${file.name} · ${mebibytes(file.length)} · ${file.count} layers · ${against}`);
}

function moveTab(store, tabs, event) {
    const target = { ArrowLeft: store.fileIndex - 1, ArrowRight: store.fileIndex + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (target !== undefined) {
        event.preventDefault();
        store.showFile((target + tabs.length) % tabs.length);
        tabs[store.fileIndex].focus();
    }
}
