import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browserPath } from "../support/browser.js";
import { createPage } from "../support/page-data.js";
import { createSmall, settle, slide, text, withPage } from "../support/small-page.js";

const skip = browserPath === undefined ? "no Chromium on this machine" : false;
const data = createPage([createSmall()], ["spn_ckpt=1,thr=-0.8"]);
const field = async (page) => ({
    value: await page.locator("#recipe").inputValue(),
    isInvalid: (await page.locator("#recipe").getAttribute("aria-invalid")) === "true",
    error: await text(page, "#recipe-error"),
});
const offButtons = (page) => page.locator(".output button:disabled, #pin:disabled").count();

async function type(page, recipe) {
    await page.locator("#recipe").fill(recipe);
    await page.keyboard.press("Enter");
    await settle(page);
}

describe("what makes no recipe", { skip }, () => {
    test("a text that is refused stays in the field, and nothing is copied or pinned until a recipe is there again", async () => {
        await withPage(data, {}, async ({ page }) => {
            await type(page, "spn_lora=1,trh=3");
            assert.deepEqual(await field(page), {
                value: "spn_lora=1,trh=3",
                isInvalid: true,
                error: "there is no key 'trh'; the nearest is 'thr'.",
            });
            assert.equal(await offButtons(page), 3);
            await slide(page, "thr", -50);
            assert.deepEqual(await field(page), { value: "spn_ckpt=1,thr=-0.5", isInvalid: false, error: "" });
            assert.equal(await offButtons(page), 0);
        });
    });

    test("several recipes are refused with the reason", async () => {
        await withPage(data, {}, async ({ page }) => {
            await type(page, "rank=4:rank=8");
            assert.match((await field(page)).error, /takes one recipe/);
        });
    });

    test("controls that make no recipe say in the field what they hold, and why it is none", async () => {
        await withPage(data, {}, async ({ page }) => {
            await slide(page, "weight-spn_ckpt", 0);
            const { value, isInvalid, error } = await field(page);
            assert.deepEqual([value, isInvalid], ["thr=-0.8", true]);
            assert.match(error, /at least one score is needed/);
            assert.equal(await offButtons(page), 3);
            assert.equal(await text(page, "#command"), "");
        });
    });

    test("a recipe of the address that is none is shown with the reason, and the address stays", async () => {
        const hash = "#recipe=spn_ckpt%3D1%2Cthr%3D%E2%80%AEx";
        await withPage(data, { hash }, async ({ page, problems }) => {
            await page.waitForTimeout(700);
            const { value, error } = await field(page);
            assert.deepEqual([value, error], ["spn_ckpt=1,thr=\\u202ex", "the value '\\u202ex' of 'thr' is not a number."]);
            assert.equal(await page.evaluate(() => location.hash), hash);
            await page.evaluate(() => (location.hash = "#recipe=size%3D0"));
            await settle(page);
            assert.match((await field(page)).error, /'size=' must be a number of MiB above zero/);
            assert.deepEqual(problems, []);
        });
    });

    test("with every block left out the reason stands in place of the command", async () => {
        await withPage(data, {}, async ({ page }) => {
            await page.getByLabel("Write UNet").click();
            await page.getByLabel("Write TextEncoder1").click();
            await settle(page);
            assert.equal(await page.locator(".command pre").isVisible(), false);
            assert.match(await text(page, "#command-note"), /nothing is left to write/);
            assert.equal(await page.getByRole("button", { name: "Copy the command line" }).isDisabled(), true);
        });
    });

    test("choosing a way to cut always leads to a recipe", async () => {
        await withPage(data, {}, async ({ page }) => {
            await type(page, "retain=0.95");
            for (const [cut, recipe] of [
                ["none", "rank=16"],
                ["thr", "spn_ckpt=1,thr=-0.8,rank=16"],
            ]) {
                await page.locator(`#cut-${cut}`).check();
                await settle(page);
                assert.deepEqual(await field(page), { value: recipe, isInvalid: false, error: "" });
            }

            for (const cut of ["retain", "loss", "size", "keep"]) {
                await page.locator(`#cut-${cut}`).check();
                await settle(page);
                await slide(page, cut, -1000);
                assert.equal((await field(page)).error, "", cut);
            }
        });
    });

    test("no message widens a narrow page", async () => {
        await withPage(data, { width: 390, height: 844 }, async ({ page }) => {
            await type(page, "x".repeat(3000));
            assert.match((await field(page)).error, /no key/);
            assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
        });
    });
});
