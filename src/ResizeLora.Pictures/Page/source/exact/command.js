// The PowerShell command line that writes what the page shows. Names in it are of strangers: whatever they hold, they stay one argument.

import { blockKey } from "./measure.js";
import { roundTripText } from "./numbers.js";

// Quotes that PowerShell takes for the straight ones.
const SingleQuotes = /['\u2018\u2019\u201a\u201b]/g;
const DoubleQuotes = /["\u201c\u201d\u201e`$]/g;

// What cannot be seen or typed: control characters, and those that change the direction of text.
const Invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A text as one argument.
 * @param {string} text
 * @returns {string}
 */
export function quote(text) {
    if (text.search(Invisible) < 0) {
        return `'${text.replace(SingleQuotes, "$&$&")}'`;
    }

    const escaped = text.replace(DoubleQuotes, "`$&");
    return `"${escaped.replace(Invisible, (character) => `\`u{${character.codePointAt(0).toString(16)}}`)}"`;
}

/**
 * The command that resizes a file.
 * @param {import("./data.js").SpectrumFile} file
 * @param {string} recipe
 * @param {ReadonlySet<string>} leftOut keys of the blocks that are left out
 * @returns {string} empty where every block is left out
 */
export function commandOf(file, recipe, leftOut) {
    if (isAllLeftOut(file, leftOut)) {
        return "";
    }

    const filter = filterOf(file, leftOut);
    const { merge } = file.source;
    const input = merge ? "" : ` -LiteralPath ${quote(file.path)}`;
    const { checkpoint, difference } = partsOf(file);
    const written = ` -Recipe ${quote(recipe)}`;
    const steps = [
        ...(merge ? [mergeOf(merge, difference)] : []),
        ...(filter === null
            ? [`Resize-Lora${input}${checkpoint}${merge ? "" : difference}${written}${againOf(file)}`]
            : [`Get-LoraSpectrum${input}${checkpoint}${merge ? "" : difference}`, `Where-Object { ${filter} }`, `Resize-Lora${written}`]),
    ];
    return steps.join(" | ");
}

/**
 * Whether nothing of a file is left to write.
 * @param {import("./data.js").SpectrumFile} file
 * @param {ReadonlySet<string>} leftOut keys of the blocks that are left out
 */
export function isAllLeftOut(file, leftOut) {
    for (let layer = 0; layer < file.count; layer++) {
        if (!leftOut.has(blockKey(file, layer))) {
            return false;
        }
    }

    return true;
}

/**
 * The commands that resize several files: one for those that differ in nothing but their names. Files of which nothing is left have none.
 * @param {import("./data.js").SpectrumFile[]} files
 * @param {string} recipe
 * @param {ReadonlySet<string>[]} leftOut of each file
 * @returns {string}
 */
export function commandOfAll(files, recipe, leftOut) {
    const lines = new Map();
    files.forEach((file, index) => {
        const { checkpoint, difference } = partsOf(file);
        const isPlain = !file.source.merge && filterOf(file, leftOut[index]) === null;
        const again = againOf(file);
        const key = isPlain ? `${checkpoint}\n${difference}\n${again}` : `file ${index}`;
        const line = lines.get(key) ?? { paths: [], text: () => commandOf(file, recipe, leftOut[index]) };
        line.paths.push(quote(file.path));
        if (isPlain) {
            line.text = () =>
                `Resize-Lora -LiteralPath ${line.paths.join(", ")}${checkpoint}${difference} -Recipe ${quote(recipe)}${again}`;
        }

        lines.set(key, line);
    });
    return [...lines.values()]
        .map((line) => line.text())
        .filter((line) => line !== "")
        .join("\n");
}

const partsOf = (file) => ({
    checkpoint: file.checkpoints.length === 0 ? "" : ` -Checkpoint ${file.checkpoints.map(quote).join(", ")}`,
    difference: file.layers.adapterKind.includes("Full") ? " -IncludeDifference" : "",
});

// A file that was resized before is left alone otherwise.
const againOf = (file) => (file.source.wasResized && !file.source.merge ? " -Force" : "");

const mergeOf = (merge, difference) =>
    `Merge-Lora -LiteralPath ${merge.map(({ path }) => quote(path)).join(", ")}` +
    ` -Weight ${merge.map(({ weight }) => roundTripText(weight)).join(", ")}${difference}`;

// Whole components go by their name, other blocks by theirs, with the component where another one names a block alike.
// Layers that were not given to the page are left out too, one by one where others of their block are there.
function filterOf(file, chosen) {
    const present = new Set(Array.from({ length: file.count }, (_, layer) => blockKey(file, layer)));
    const absent = file.source.absent ?? [];
    const leftOut = new Set([...chosen, ...absent.map(keyOfAbsent).filter((key) => !present.has(key))]);
    const names = absent.filter((layer) => !leftOut.has(keyOfAbsent(layer))).map((layer) => layer.name);
    const clauses = [...blockClauses(file, leftOut), ...(names.length > 0 ? [`$_.Layer -cnotin ${names.map(quote).join(", ")}`] : [])];
    return clauses.length > 0 ? clauses.join(" -and ") : null;
}

function blockClauses(file, leftOut) {
    const blocks = blocksOf(file).filter((block) => leftOut.has(block.key));
    if (blocks.length === 0) {
        return [];
    }

    const components = wholeComponents(file, leftOut);
    const rest = blocks.filter((block) => !components.includes(block.component));
    const staying = blocksOf(file).filter((block) => !leftOut.has(block.key));
    const isShared = rest.some((block) => staying.some((other) => other.block === block.block));
    const clauses = [];
    if (components.length > 0) {
        clauses.push(`$_.Component -notin ${components.map(quote).join(", ")}`);
    }

    if (rest.length > 0) {
        clauses.push(
            isShared
                ? `"$($_.Component)/$($_.Block)" -cnotin ${rest.map((block) => quote(block.key)).join(", ")}`
                : `$_.Block -cnotin ${[...new Set(rest.map((block) => quote(block.block)))].join(", ")}`,
        );
    }

    return clauses;
}

const keyOfAbsent = ({ component, block }) => `${component}/${block}`;

function blocksOf(file) {
    const blocks = new Map((file.source.absent ?? []).map((layer) => [keyOfAbsent(layer), { key: keyOfAbsent(layer), ...layer }]));
    for (let layer = 0; layer < file.count; layer++) {
        const key = blockKey(file, layer);
        blocks.set(key, { key, component: file.layers.component[layer], block: file.layers.block[layer] });
    }

    return [...blocks.values()];
}

function wholeComponents(file, leftOut) {
    const blocks = blocksOf(file);
    const components = [...new Set(blocks.map((block) => block.component))];
    return components.filter((component) => blocks.every((block) => block.component !== component || leftOut.has(block.key)));
}
