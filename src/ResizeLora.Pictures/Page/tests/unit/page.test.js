import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { buildPage } from "../../build.mjs";
import { createPage } from "../support/page-data.js";
import { writePage } from "../support/page-file.js";
import { createSdxl } from "../support/sdxl.js";

const page = await buildPage();
const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)[1];
const between = (start, end) => page.slice(page.indexOf(start) + start.length, page.indexOf(end));

test("the policy lets the page's own script and styles through, and nothing else", () => {
    const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const script = page.slice(page.lastIndexOf("<script>") + "<script>".length, page.lastIndexOf("</script>"));
    const style = between("<style>", "</style>");
    const rules = ["default-src 'none'", `script-src ${hash(script)}`, `style-src ${hash(style)}`, "base-uri 'none'", "form-action 'none'"];
    assert.equal(policy, rules.join("; "));
});

test("nothing is fetched, and nothing is made markup", () => {
    const addresses = (page.match(/(?:https?:)?\/\/[\w.-]+\.\w+/g) ?? []).filter((address) => address !== "http://www.w3.org");
    assert.deepEqual(addresses, []);
    assert.doesNotMatch(
        page,
        /innerHTML\s*=[^=]|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|fetch\(|XMLHttpRequest|WebSocket|import\(/,
    );
    assert.doesNotMatch(page, /localStorage|sessionStorage|indexedDB|document\.cookie/);
    assert.doesNotMatch(between("<style>", "</style>"), /url\(|@import/);
});

test("a full rank-128 LoRA of SDXL stays below 4 MB", async () => {
    const { html, remove } = await writePage(createPage([createSdxl({ subspace: true })]));
    remove();
    assert.ok(Buffer.byteLength(html) < 4e6, `${Buffer.byteLength(html)} bytes`);
});

test("the lock file names no registry", () => {
    const lock = readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8");
    assert.doesNotMatch(lock, /"resolved"|https?:/);
});
