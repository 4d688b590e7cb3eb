// Bundles the page's script and styles into one template, dist/page.html. Its placeholders {{title}} and {{data}} are left for
// Export-LoraSpectrum to fill in.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const bundle = async (entry, options = {}) => {
    const { outputFiles } = await build({
        entryPoints: [at(entry)],
        bundle: true,
        minify: !process.env.RESIZELORA_READABLE,
        write: false,
        charset: "utf8",
        target: ["chrome123", "firefox120", "safari17.5"],
        legalComments: "none",
        ...options,
    });
    return outputFiles[0].text.trim();
};

const script = await bundle("source/main.js", { format: "iife" });
const style = await bundle("style/page.css");
const hashOf = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
const parts = { scriptHash: hashOf(script), styleHash: hashOf(style), script, style };
const page = readFileSync(at("template.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (placeholder, name) => parts[name] ?? placeholder);

for (const [name, count] of Object.entries({ title: 1, data: 1 })) {
    const found = page.split(`{{${name}}}`).length - 1;
    if (found !== count) {
        throw new Error(`The placeholder {{${name}}} is ${found} times in the page, and must be ${count} times.`);
    }
}

if (/<\/script/i.test(script) || /<\/style/i.test(style)) {
    throw new Error("The script or the styles hold the end of their own element.");
}

mkdirSync(at("dist"), { recursive: true });
writeFileSync(at("dist/page.html"), page);
copyFileSync(at("node_modules/uplot/LICENSE"), at("dist/uPlot.LICENSE"));
