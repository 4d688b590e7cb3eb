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
 * @returns {string}
 */
export function commandOf(file, recipe, leftOut) {
    const filter = filterOf(file, leftOut);
    const { merge } = file.source;
    const input = merge ? "" : ` -LiteralPath ${quote(file.path)}`;
    const { checkpoint, difference } = partsOf(file);
    const written = ` -Recipe ${quote(recipe)}`;
    const steps = [
        ...(merge ? [mergeOf(merge, difference)] : []),
        ...(filter === null
            ? [`Resize-Lora${input}${checkpoint}${merge ? "" : difference}${written}`]
            : [`Get-LoraSpectrum${input}${checkpoint}${merge ? "" : difference}`, `Where-Object { ${filter} }`, `Resize-Lora${written}`]),
    ];
    return steps.join(" | ");
}

/**
 * The commands that resize several files: one for those that differ in nothing but their names.
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
        const key = isPlain ? `${checkpoint}\n${difference}` : `file ${index}`;
        const line = lines.get(key) ?? { paths: [], text: () => commandOf(file, recipe, leftOut[index]) };
        line.paths.push(quote(file.path));
        if (isPlain) {
            line.text = () => `Resize-Lora -LiteralPath ${line.paths.join(", ")}${checkpoint}${difference} -Recipe ${quote(recipe)}`;
        }

        lines.set(key, line);
    });
    return [...lines.values()].map((line) => line.text()).join("\n");
}

const partsOf = (file) => ({
    checkpoint: file.checkpoints.length === 0 ? "" : ` -Checkpoint ${file.checkpoints.map(quote).join(", ")}`,
    difference: file.layers.adapterKind.includes("Full") ? " -IncludeDifference" : "",
});

const mergeOf = (merge, difference) =>
    `Merge-Lora -LiteralPath ${merge.map(({ path }) => quote(path)).join(", ")}` +
    ` -Weight ${merge.map(({ weight }) => roundTripText(weight)).join(", ")}${difference}`;

// Whole components go by their name, other blocks by theirs, with the component where another one names a block alike.
function filterOf(file, leftOut) {
    const blocks = blocksOf(file).filter((block) => leftOut.has(block.key));
    if (blocks.length === 0) {
        return null;
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
                : `$_.Block -cnotin ${rest.map((block) => quote(block.block)).join(", ")}`,
        );
    }

    return clauses.join(" -and ");
}

function blocksOf(file) {
    const blocks = new Map();
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
