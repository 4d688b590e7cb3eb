// Small files for the tests in a browser, and what these tests ask of a page.

import { openPage } from "./browser.js";
import { createFile, fallingSpectrum, randomNumbers } from "./page-data.js";
import { writePage } from "./page-file.js";

export function createSmall({ name = "small.safetensors", seed = 1, base = true, mark = (text) => text } = {}) {
    const random = randomNumbers(seed);
    const layers = Array.from({ length: 9 }, (_, index) => {
        const component = index < 6 ? "UNet" : "TextEncoder1";
        return {
            name: mark(`layer_${index}`),
            component,
            block: mark(`block.${index % 3}`),
            out: 40,
            in: 40,
            rank: 16,
            singular: fallingSpectrum(random, 16, 1),
            ...(base ? { spectral: 2 + random(), frobenius: 9 } : {}),
        };
    });
    return createFile(layers, {
        name: mark(name),
        path: `/loras/${mark(name)}`,
        checkpoints: base ? [mark("/models/base.safetensors")] : [],
        length: 60000,
    });
}

export const text = (page, selector) => page.locator(selector).first().textContent();
export const plain = (shown) => shown.replaceAll("\u00a0", "");
export const settle = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20))));

export async function slide(page, id, steps) {
    await page.locator(`#${id}-slider`).evaluate((slider, value) => {
        slider.value = String(value);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
    }, steps);
    await settle(page);
}

/**
 * Opens a page of some data, and closes it whatever happens: a browser that stays open keeps the tests from ending.
 * @param {object} data
 * @param {object} options of openPage, and a title
 * @param {(session: Awaited<ReturnType<typeof openPage>>) => Promise<void>} use
 */
export async function withPage(data, options, use) {
    const written = await writePage(data, options.title);
    try {
        const session = await openPage(written.path, options);
        try {
            await use(session);
        } finally {
            await session.browser.close();
        }
    } finally {
        written.remove();
    }
}
