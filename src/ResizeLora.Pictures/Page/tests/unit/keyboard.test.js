import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browserPath } from "../support/browser.js";
import { createPage } from "../support/page-data.js";
import { createSmall, settle, text, withPage } from "../support/small-page.js";

const skip = browserPath === undefined ? "no Chromium on this machine" : false;
const data = createPage([createSmall(), createSmall({ name: "middle.safetensors" }), createSmall({ name: "last.safetensors", seed: 2 })]);

describe("the keyboard", { skip }, () => {
    test("each layer of the map is an element of its own for a screen reader", async () => {
        await withPage(data, {}, async ({ page }) => {
            const list = page.getByRole("listbox").first();
            await list.focus();
            const active = () =>
                list.evaluate((box) => {
                    const id = box.getAttribute("aria-activedescendant");
                    return { id, text: document.getElementById(id).textContent };
                });
            const first = await active();
            await page.keyboard.press("ArrowDown");
            const second = await active();
            assert.match(first.text, /^layer_0, /);
            assert.match(second.text, /^layer_3, /);
            assert.notEqual(first.id, second.id);
            assert.equal(await text(page, ".map [aria-live]"), second.text);
        });
    });

    test("arrows to the sides walk through the dimensions of a layer", async () => {
        await withPage(data, {}, async ({ page }) => {
            const spoken = () => text(page, ".map [aria-live]");
            await page.getByRole("listbox").first().focus();
            await page.keyboard.press("ArrowRight");
            assert.match(await spoken(), /^dimension 1 of 16 · σ [\d.]+ · score .+ · kept$/);
            for (let press = 0; press < 20; press++) {
                await page.keyboard.press("ArrowRight");
            }

            assert.match(await spoken(), /^dimension 16 of 16 · .* · dropped$/);
            assert.match(await text(page, ".readout"), /^layer_0 · dimension 16 of 16/);
            const boxOf = (selector) => page.locator(`${selector}:not([hidden])`).boundingBox();
            const [cell, row] = [await boxOf(".cell"), await boxOf(".cursor")];
            assert.ok(Math.abs(cell.x + cell.width - row.x - row.width) < 1);
            await page.keyboard.press("ArrowLeft");
            assert.match(await spoken(), /^dimension 15 of 16/);
            await page.keyboard.press("ArrowDown");
            assert.match(await spoken(), /^layer_3, rank/);
            assert.equal(await page.locator(".cell:not([hidden])").count(), 0);
        });
    });

    test("Home and End go to the first and the last file", async () => {
        await withPage(data, {}, async ({ page }) => {
            const selected = () => text(page, "[role=tab][aria-selected=true]");
            await page.getByRole("tab", { name: "small.safetensors" }).focus();
            await page.keyboard.press("End");
            await settle(page);
            assert.equal(await selected(), "last.safetensors");
            await page.keyboard.press("Home");
            await settle(page);
            assert.equal(await selected(), "small.safetensors");
        });
    });

    test("on a narrow page nothing that has the focus lies under the figures", async () => {
        await withPage(data, { width: 390, height: 844 }, async ({ page }) => {
            await page.waitForTimeout(300);
            await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
            await page.locator("#search").focus();
            const covered = [];
            for (let press = 0; press < 60; press++) {
                await page.keyboard.press("Shift+Tab");
                const found = await page.evaluate(() => {
                    const { activeElement } = document;
                    const figures = document.querySelector(".figures");
                    const isAside = figures.contains(activeElement) || activeElement.closest("header, body > :not(#page)") !== null;
                    const gap = activeElement.getBoundingClientRect().top - figures.getBoundingClientRect().bottom;
                    return isAside || activeElement === document.body || gap >= 0 ? null : `${activeElement.id} ${gap}`;
                });
                covered.push(...(found === null ? [] : [found]));
            }

            assert.deepEqual(covered, []);
        });
    });
});
