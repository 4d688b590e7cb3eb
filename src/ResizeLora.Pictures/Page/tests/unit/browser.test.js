import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openFile } from "../../source/exact/data.js";
import { Measurer } from "../../source/exact/measure.js";
import { parseRecipe } from "../../source/exact/recipe-parser.js";
import { browserPath, openPage } from "../support/browser.js";
import { createPage } from "../support/page-data.js";
import { writePage } from "../support/page-file.js";
import { createSmall, plain, settle, slide, text, withPage } from "../support/small-page.js";

const skip = browserPath === undefined ? "no Chromium on this machine" : false;

describe("a page of two files", { skip }, () => {
    const data = createPage(
        [createSmall(), createSmall({ name: "other.safetensors", seed: 2 })],
        ["spn_ckpt=1,thr=-0.8", "spn_lora=1,size=0.02"],
    );
    let written;
    let session;
    before(async () => {
        written = await writePage(data);
        session = await openPage(written.path);
    });
    after(async () => {
        await session?.browser.close();
        written.remove();
    });

    const expected = (recipe, leftOut = [], file = 0) =>
        new Measurer(openFile(data.files[file]), data.tool).measure(parseRecipe(recipe), new Set(leftOut));

    test("the first recipe is shown, in exact numbers", async () => {
        const { page } = session;
        const outcome = expected("spn_ckpt=1,thr=-0.8");
        assert.equal(plain(await text(page, "#figure-size")), `${outcome.newLength} bytes`);
        assert.equal(plain(await text(page, "#figure-rank")), String(outcome.total.newRank));
        assert.equal(await page.locator("#recipe").inputValue(), "spn_ckpt=1,thr=-0.8");
    });

    test("a slider moves the cut", async () => {
        const { page } = session;
        await slide(page, "thr", -55);
        assert.equal(await page.locator("#recipe").inputValue(), "spn_ckpt=1,thr=-0.55");
        assert.equal(plain(await text(page, "#figure-size")), `${expected("spn_ckpt=1,thr=-0.55").newLength} bytes`);
        assert.match(
            await text(page, "#command"),
            /^Resize-Lora -LiteralPath '\/loras\/small.safetensors' .* -Recipe 'spn_ckpt=1,thr=-0.55'$/,
        );
    });

    test("a recipe can be typed; one that is none says why", async () => {
        const { page } = session;
        await page.locator("#recipe").fill("spn_lora=1,retain=0.9,rank=6");
        await page.keyboard.press("Enter");
        await settle(page);
        assert.equal(plain(await text(page, "#figure-size")), `${expected("spn_lora=1,retain=0.9,rank=6").newLength} bytes`);
        assert.equal(await page.locator("#cut-retain").isChecked(), true);
        assert.equal(await page.locator("#rank").inputValue(), "6");
        await page.locator("#recipe").fill("spn_lora=1,trh=3");
        await page.keyboard.press("Enter");
        assert.match(await text(page, "#recipe-error"), /no key 'trh'/);
        await page.evaluate(() => window.resizeLora.setRecipe("spn_ckpt=1,thr=-0.8"));
        await settle(page);
        assert.equal(await text(page, "#recipe-error"), "");
    });

    test("blocks are left out by a click", async () => {
        const { page } = session;
        await page.getByLabel("Write block.1").first().click();
        await settle(page);
        assert.equal(plain(await text(page, "#figure-size")), `${expected("spn_ckpt=1,thr=-0.8", ["UNet/block.1"]).newLength} bytes`);
        assert.match(await text(page, "#command"), /-cnotin 'UNet\/block.1' \} \| Resize-Lora/);
        await page.getByLabel("Write TextEncoder1").click();
        await settle(page);
        assert.match(await text(page, "#command"), /\$_.Component -notin 'TextEncoder1' -and \$_.Block -cnotin 'block.1'/);
    });

    test("a pin keeps a recipe and what is left out, and leads back to it", async () => {
        const { page } = session;
        await page.locator("#pin").click();
        await page.waitForFunction(() => document.querySelectorAll("#pins tbody tr").length === 6);
        await page.evaluate(() => window.resizeLora.setRecipe("rank=1"));
        await page.locator("#pins .link").nth(0).click();
        await settle(page);
        const { leftOut, recipe } = await page.evaluate(() => window.resizeLora.state());
        assert.deepEqual([leftOut[0], recipe], [[], "spn_ckpt=1,thr=-0.8"]);
        await page.locator("#pins .link").nth(2).click();
        await settle(page);
        assert.equal((await page.evaluate(() => window.resizeLora.state())).leftOut[0].length, 4);
        await page.locator("#pins .link").nth(0).click();
        await settle(page);
    });

    test("files are tabs, which the arrow keys change", async () => {
        const { page } = session;
        await page.getByRole("tab", { name: "small.safetensors" }).focus();
        await page.keyboard.press("ArrowRight");
        await settle(page);
        assert.equal(await page.getByRole("tab", { name: "other.safetensors" }).getAttribute("aria-selected"), "true");
        assert.equal(plain(await text(page, "#figure-size")), `${expected("spn_ckpt=1,thr=-0.8", [], 1).newLength} bytes`);
        await page.waitForFunction(() => document.querySelectorAll("#files tbody tr").length === 2);
        await page.keyboard.press("ArrowRight");
        await settle(page);
    });

    test("keys walk through the map, say what is there, and choose layers", async () => {
        const { page } = session;
        await page.getByRole("listbox").first().focus();
        assert.match(await text(page, ".map [aria-live]"), /^layer_0, rank 16 to \d+, error /);
        await page.keyboard.press("ArrowDown");
        assert.match(await text(page, ".map [aria-live]"), /^layer_3, /);
        await page.keyboard.press("ArrowDown");
        assert.match(await text(page, ".map [aria-live]"), /^layer_1, /);
        await page.keyboard.press("ArrowUp");
        assert.match(await text(page, ".map [aria-live]"), /^layer_[03], /);
        const count = await page.locator("#chosen li").count();
        await page.keyboard.press("End");
        await page.keyboard.press("Enter");
        await settle(page);
        assert.notEqual(await page.locator("#chosen li").count(), count);
    });

    test("the map searches, sorts and zooms", async () => {
        const { page } = session;
        await page.locator("#search").fill("*_4");
        assert.equal(await page.getByRole("listbox").count(), 1);
        await page.locator("#search").fill("");
        await page.locator("#order").selectOption("largest");
        await page.locator("#zoom").fill("20");
        const names = await page.locator(".names").first().locator("li").allTextContents();
        const file = openFile(data.files[0]);
        const largest = (layer) => file.singular[file.start[layer]];
        assert.deepEqual(
            names,
            (largest(0) > largest(3) ? [0, 3] : [3, 0]).map((layer) => file.layers.name[layer]),
        );
        await page.locator("#zoom").fill("5");
        const height = () =>
            page
                .locator(".cells")
                .first()
                .evaluate((cells) => cells.clientHeight);
        const before = await height();
        await page.getByRole("button", { name: "Larger" }).click();
        assert.ok((await height()) > before);
        await page.getByRole("listbox").first().focus();
        await page.keyboard.press("-");
        assert.equal(await height(), before);
    });

    test("the address keeps the state", async () => {
        const { page } = session;
        await page.evaluate(() => window.resizeLora.setRecipe("spn_lora=1,keep=0.3"));
        await page.getByLabel("Write block.2").first().click();
        await page.waitForFunction(() => location.hash.includes("keep"));
        const hash = await page.evaluate(() => location.hash);
        let state;
        await withPage(data, { hash }, async (other) => {
            state = await other.page.evaluate(() => window.resizeLora.state());
        });
        assert.deepEqual([state.recipe, state.leftOut[0]], ["spn_lora=1,keep=0.3", ["UNet/block.2"]]);
    });

    test("the command line is copied, or ready to be", async () => {
        const { page } = session;
        const button = page.getByRole("button", { name: "Copy the command line" });
        await button.click();
        await page.waitForFunction(() => [...document.querySelectorAll("button")].some((each) => /Copied|Press/.test(each.textContent)));
    });

    test("all files can be one command line", async () => {
        const { page } = session;
        await page.evaluate(() => window.resizeLora.setRecipe("rank=2"));
        await page.getByLabel("Write block.2").first().click();
        await page.locator("#command-of").selectOption("all");
        assert.match(await text(page, "#command"), /^Resize-Lora -LiteralPath '\/loras\/small.safetensors', '\/loras\/other.safetensors' /);
        await page.locator("#command-of").selectOption("one");
    });

    test("nothing went wrong, and nothing was fetched", () => {
        assert.deepEqual(session.problems, []);
        assert.equal(
            session.requests.every((address) => address.startsWith("file:")),
            true,
        );
    });
});
