// Builds elements. Texts become text nodes and never markup, whatever they hold.

/**
 * An element.
 * @param {string} tag its name, with classes behind dots
 * @param {Record<string, any>} [properties] what is no property, such as "aria-…" and "role", is set as an attribute; "on…" listens
 * @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function element(tag, properties = {}, ...children) {
    const [name, ...classes] = tag.split(".");
    const made = document.createElement(name);
    made.classList.add(...classes);
    for (const [key, value] of Object.entries(properties)) {
        if (key.startsWith("on")) {
            made.addEventListener(key.slice(2), value);
        } else if (/^(aria-|data-|role$|for$|list$|scope$|colspan$|rowspan$)/.test(key)) {
            setAttribute(made, key, value);
        } else {
            made[key] = value;
        }
    }

    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
}

/**
 * Sets an attribute, or removes it where there is no value.
 * @param {Element} target
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function setAttribute(target, name, value) {
    if (value === null || value === undefined) {
        target.removeAttribute(name);
    } else if (target.getAttribute(name) !== String(value)) {
        target.setAttribute(name, String(value));
    }
}

/**
 * Sets a text where it has changed, so that nothing is laid out for nothing.
 * @param {Node} target
 * @param {string} text
 */
export function setText(target, text) {
    if (target.textContent !== text) {
        target.textContent = text;
    }
}

/**
 * A name of strangers, whose direction of writing stays its own.
 * @param {string} text already made visible
 */
export const isolated = (text) => element("bdi", { textContent: text });

/** Whether somebody asked for less movement. */
export const prefersLessMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Calls back when the browser has time, in slices, until the work is done.
 * @param {Iterator<unknown>} work
 * @param {() => void} onSlice called after each slice
 * @returns {() => void} ends it before
 */
export function inIdleTime(work, onSlice) {
    const Slice = 12;
    let isStopped = false;
    const step = () => {
        const end = performance.now() + Slice;
        let isDone = false;
        while (!isStopped && !isDone && performance.now() < end) {
            isDone = work.next().done === true;
        }

        if (!isStopped) {
            onSlice();
            if (!isDone) {
                wait(step);
            }
        }
    };
    wait(step);
    return () => {
        isStopped = true;
    };
}

// Safari has no idle callbacks.
const wait = (step) => (window.requestIdleCallback ? requestIdleCallback(step, { timeout: 400 }) : setTimeout(step, 30));
