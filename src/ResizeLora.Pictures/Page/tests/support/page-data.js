// Makes data as a page has it, of plain LoRA layers, and says what a file with given tensors looks like: an independent account of what
// the script computes by lengths alone.

const Types = [
    { name: "F16", order: 5, bits: 16 },
    { name: "F32", order: 7, bits: 32 },
];

/**
 * Pseudo-random numbers between 0 and 1, the same in every run.
 * @param {number} seed
 */
export function randomNumbers(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
}

export function base64OfDoubles(values) {
    return Buffer.from(Float64Array.from(values).buffer).toString("base64");
}

export function base64OfIntegers(values) {
    return Buffer.from(Int32Array.from(values).buffer).toString("base64");
}

/** A descending spectrum that falls off as those of trained LoRAs do. */
export function fallingSpectrum(random, count, largest) {
    const decay = 0.3 + random();
    return Array.from({ length: count }, (_, index) => largest * (1 + index) ** -decay * (1 + 0.01 * random())).sort((a, b) => b - a);
}

/**
 * A file of the page's data.
 * @param {object[]} layers name, component, block, kind, out, in, rank, alpha, singular (σ of B·A), spectral, frobenius, subspace
 * @param {object} options name, path, checkpoints, length, other tensors, metadata
 */
export function createFile(layers, options = {}) {
    const names = layers.flatMap(({ name }) => [`${name}.alpha`, `${name}.lora_down.weight`, `${name}.lora_up.weight`]);
    const sorted = [...names, ...(options.copied ?? []).map(([name]) => name)].sort((left, right) =>
        Buffer.compare(Buffer.from(left), Buffer.from(right)),
    );
    const indexOf = new Map(sorted.map((name, index) => [name, index]));
    const column = (read) => layers.map(read);
    return {
        name: options.name ?? "lora.safetensors",
        path: options.path ?? "/loras/lora.safetensors",
        checkpoints: options.checkpoints ?? ["/models/base.safetensors"],
        length: options.length ?? 1_000_000,
        types: Types,
        outputType: 0,
        wideType: 1,
        nameBytes: sorted.map((name) => Buffer.byteLength(headerString(name))),
        copied: (options.copied ?? []).map(([name, type, ...shape]) => [indexOf.get(name), type, ...shape]),
        metadata: options.metadata ?? { fixed: 400, parametersTail: 100, parametersTailWithCheckpoint: 180, peft: null },
        layers: {
            name: column((layer) => layer.name),
            component: column((layer) => layer.component ?? "UNet"),
            block: column((layer) => layer.block ?? "middle_block"),
            kind: column((layer) => layer.kind ?? "Linear"),
            adapterKind: column(() => "LoRA"),
            out: column((layer) => layer.out),
            in: column((layer) => layer.in),
            rank: column((layer) => layer.rank),
            scale: column((layer) => Math.abs((layer.alpha ?? layer.rank) / layer.rank)),
            count: column((layer) => layer.singular.length),
            baseSpectral: column((layer) => layer.spectral ?? null),
            baseFrobenius: column((layer) => layer.frobenius ?? null),
            changeNorm: column((layer) => layer.changeNorm ?? null),
            mustStay: column((layer) => layer.mustStay ?? 0),
            order: null,
        },
        singularValues: base64OfDoubles(layers.flatMap((layer) => layer.singular)),
        subspaceScales: layers.some((layer) => layer.subspace)
            ? base64OfDoubles(layers.flatMap((layer) => layer.subspace ?? layer.singular.map(() => NaN)))
            : null,
        pairs: layers.map((layer, index) => {
            const down = indexOf.get(`${layer.name}.lora_down.weight`);
            const up = indexOf.get(`${layer.name}.lora_up.weight`);
            const alpha = indexOf.get(`${layer.name}.alpha`);
            return {
                layers: [index],
                passed: [
                    [down, 0, layer.rank, layer.in],
                    [up, 0, layer.out, layer.rank],
                    [alpha, 0],
                ],
                alpha: { name: alpha, shape: [], wide: layer.wide ?? [] },
                pair: [
                    [down, 0, -1, layer.in],
                    [up, 0, layer.out, -1],
                ],
                copied: [],
                stored: null,
                reduced: null,
                reducedAlpha: null,
            };
        }),
        sortedNames: sorted,
    };
}

/** A string as the header has it. */
export const headerString = (text) => JSON.stringify(text).replace(/\\u007f/g, "\u007f");

/**
 * The length of a safetensors file, from its whole header.
 * @param {object} file of createFile
 * @param {number[][]} tensors name index, type index, sides
 * @param {number} metadata the bytes of its metadata
 */
export function fileLengthOf(file, tensors, metadata) {
    const ordered = [...tensors].sort((left, right) => file.types[right[1]].order - file.types[left[1]].order || left[0] - right[0]);
    let position = 0;
    const entries = ordered.map(([name, type, ...shape]) => {
        const start = position;
        position += (shape.reduce((product, side) => product * side, 1) * file.types[type].bits) / 8;
        const entry = { dtype: file.types[type].name, shape, data_offsets: [start, position] };
        return `${headerString(file.sortedNames[name])}:${JSON.stringify(entry)}`;
    });
    const header = Buffer.byteLength(`{${"m".repeat(metadata)},${entries.join(",")}}`);
    return 8 + Math.ceil(header / 8) * 8 + position;
}

/**
 * Data of a whole page.
 * @param {object[]} files
 * @param {string[]} recipes
 */
export const createPage = (files, recipes = ["spn_ckpt=1,thr=-1.2"]) => ({ version: 1, tool: "ResizeLora 0.1.0", recipes, files });
