// Light or dark: as the system says, or as the button does.

const Themes = ["auto", "light", "dark"];

/** Watches the theme. */
export function watchTheme() {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const listeners = [];
    const tell = () => listeners.forEach((listener) => listener());
    let theme = "auto";
    let isPrinted = false;
    system.addEventListener("change", tell);

    // Paper is light.
    for (const [event, printed] of [["beforeprint", true], ["afterprint", false]]) {
        addEventListener(event, () => {
            isPrinted = printed;
            tell();
        });
    }

    return {
        get theme() {
            return theme;
        },
        get isDark() {
            return !isPrinted && (theme === "dark" || (theme === "auto" && system.matches));
        },
        /** Goes on to the next theme. */
        next() {
            theme = Themes[(Themes.indexOf(theme) + 1) % Themes.length];
            document.documentElement.dataset.theme = theme;
            tell();
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
