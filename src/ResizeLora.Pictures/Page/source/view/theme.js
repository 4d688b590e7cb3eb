// Light or dark: as the system says, or as the button does.

const Themes = ["auto", "light", "dark"];

/** Watches the theme. */
export function watchTheme() {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const listeners = [];
    const tell = () => listeners.forEach((listener) => listener());
    let theme = "auto";
    const show = (shown) => {
        document.documentElement.dataset.theme = shown;
        tell();
    };
    system.addEventListener("change", tell);

    // Paper is light.
    addEventListener("beforeprint", () => show("light"));
    addEventListener("afterprint", () => show(theme));

    return {
        get theme() {
            return theme;
        },
        get isDark() {
            const shown = document.documentElement.dataset.theme;
            return shown === "dark" || (shown === "auto" && system.matches);
        },
        /** Goes on to the next theme. */
        next() {
            theme = Themes[(Themes.indexOf(theme) + 1) % Themes.length];
            show(theme);
        },
        subscribe: (listener) => listeners.push(listener),
    };
}

const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

/**
 * A colour of the style sheet, as canvases understand it.
 * @param {string} name without its dashes
 * @returns {string}
 */
export function colourOf(name) {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
}
