// Writes a page as Export-LoraSpectrum does.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPage } from "../../build.mjs";

let template = null;

/**
 * A page in a folder of its own.
 * @param {object} data
 * @param {string} title
 * @returns {Promise<{ path: string, html: string, remove: () => void }>}
 */
export async function writePage(data, title = "test") {
    template ??= await buildPage();
    const json = JSON.stringify(data).replace(/[<>&']/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
    const html = template.replace("{{title}}", () => title).replace("{{data}}", () => json);
    const folder = mkdtempSync(join(tmpdir(), "resizelora-page-"));
    const path = join(folder, "page.html");
    writeFileSync(path, html);
    return { path, html, remove: () => rmSync(folder, { recursive: true }) };
}
