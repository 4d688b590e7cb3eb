// Bundles the page's script and styles into one template, dist/page.html. Its placeholders {{title}} and {{data}} are left for
// Export-LoraSpectrum to fill in.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * The template of the page.
 * @returns {Promise<string>}
 */
export async function buildPage() {
    const script = await bundle("source/main.js", { format: "iife" });
    const style = await bundle("style/page.css");
    if (/<\/script/i.test(script) || /<\/style/i.test(style)) {
        throw new Error("The script or the styles hold the end of their own element.");
    }

    const parts = { policy: policyOf(script, style), script, style };
    const page = readFileSync(at("template.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (placeholder, name) => parts[name] ?? placeholder);
    for (const name of ["title", "data"]) {
        if (page.split(`{{${name}}}`).length !== 2) {
            throw new Error(`The placeholder {{${name}}} must be once in the page.`);
        }
    }

    return page;
}

async function bundle(entry, options = {}) {
    const { outputFiles } = await build({
        entryPoints: [at(entry)],
        bundle: true,
        minify: true,
        write: false,
        charset: "utf8",
        target: ["chrome123", "firefox120", "safari17.5"],
        legalComments: "none",
        ...options,
    });
    return outputFiles[0].text.trim();
}

// The page lets this script and these styles through, and nothing else.
function policyOf(script, style) {
    const hashOf = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const rules = [
        "default-src 'none'",
        `script-src ${hashOf(script)}`,
        `style-src ${hashOf(style)}`,
        "base-uri 'none'",
        "form-action 'none'",
    ];
    return rules.join("; ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const page = await buildPage();
    mkdirSync(at("dist"), { recursive: true });
    writeFileSync(at("dist/page.html"), page);
    copyFileSync(at("node_modules/uplot/LICENSE"), at("dist/uPlot.LICENSE"));
}
