import assert from "node:assert/strict";
import { test } from "node:test";
import { openFile } from "../../source/exact/data.js";
import { Measurer } from "../../source/exact/measure.js";
import { parseRecipe } from "../../source/exact/recipe-parser.js";
import { createFile, fallingSpectrum, fileLengthOf, randomNumbers } from "../support/page-data.js";
import { createSdxl } from "../support/sdxl.js";

const Nothing = new Set();
const near = (actual, expected) =>
    assert.ok(Math.abs(actual - expected) <= 1e-12 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);

function createLayers(seed, { count = 6, base = true, subspace = false } = {}) {
    const random = randomNumbers(seed);
    return Array.from({ length: count }, (_, index) => {
        const singular = fallingSpectrum(random, 8, 0.1 + random());
        return {
            name: `layer_${"x".repeat(index)}"é${index}`,
            block: `block.${index % 3}`,
            component: index < 4 ? "UNet" : "TextEncoder1",
            kind: index % 2 === 0 ? "Linear" : "Convolution3x3",
            out: 12 + index,
            in: 30,
            rank: 8,
            alpha: 4,
            singular,
            ...(base ? { spectral: 1 + random(), frobenius: 3 + random() } : {}),
            ...(subspace ? { subspace: singular.map(() => 0.1 + random()) } : {}),
        };
    });
}

function open(layers, options) {
    const source = createFile(layers, options);
    const file = openFile(source);
    return { source, file, measurer: new Measurer(file, "ResizeLora 0.1.0") };
}

// What the metadata of createFile takes, from the whole text of resize_params.
function metadataBytes(source, recipe, parameters, tail) {
    const text = JSON.stringify(JSON.stringify(parameters)).length - 2 - "}".length;
    return source.metadata.fixed + recipe.length + text + tail;
}

test("the length is that of the whole file, header and all", () => {
    const layers = createLayers(1);
    const { source, file, measurer } = open(layers, {
        copied: [
            ["norm.weight", 1, 77],
            ["a.bias", 0, 3, 5],
        ],
    });
    for (const thr of [-3, -1, -0.6, -0.3, 0.5]) {
        const recipe = `spn_lora=1,thr=${thr}`;
        const outcome = measurer.measure(parseRecipe(recipe), Nothing);
        const ranks = layers.map((_, layer) => outcome.layers[layer].newRank);
        const tensors = source.pairs.flatMap((pair, index) =>
            ranks[index] === 0
                ? []
                : [
                      [pair.alpha.name, 0],
                      ...pair.pair.map((shape) => shape.map((side, at) => (at > 1 && side === -1 ? ranks[index] : side))),
                  ],
        );
        const parameters = {
            recipe_str: recipe,
            weights: { spn_ckpt: 0, spn_lora: 1, fro_ckpt: 0, fro_lora: 0, subspace: 0, params: 0 },
            target_size: null,
            threshold: thr,
            rescale: 1,
            tool: "ResizeLora 0.1.0",
        };
        const metadata = metadataBytes(source, recipe, parameters, source.metadata.parametersTail);
        assert.equal(outcome.newLength, fileLengthOf(source, [...source.copied, ...tensors], metadata));
        assert.equal(file.count, layers.length);
    }
});

test("alphas that the type cannot hold are written wide", () => {
    const layers = createLayers(2, { count: 1 });
    const plain = open(layers).measurer.measure(parseRecipe("rank=4"), Nothing).newLength;
    const wide = open([{ ...layers[0], wide: [4] }]).measurer.measure(parseRecipe("rank=4"), Nothing).newLength;
    assert.ok(wide > plain - 8 && wide <= plain + 8 && wide !== plain);
});

test("scores are logarithms of σ over the weighted references", () => {
    const layers = createLayers(3, { subspace: true });
    const { file, measurer } = open(layers);
    const recipe = "spn_ckpt=0.2,spn_lora=0.1,fro_ckpt=0.2,fro_lora=0.1,subspace=0.3,params=0.1,rescale=2,thr=-1";
    const { scores } = measurer.measure(parseRecipe(recipe), Nothing);
    layers.forEach((layer, index) => {
        layer.singular.forEach((value, dimension) => {
            const sigma = value / 2;
            const own = layer.singular.map((each) => each / 2);
            const expected =
                Math.log10(2 * sigma) -
                0.2 * Math.log10(layer.spectral) -
                0.1 * Math.log10(own[0]) -
                0.2 * Math.log10(layer.frobenius) -
                0.1 * Math.log10(Math.hypot(...own)) -
                0.3 * Math.log10(layer.subspace[dimension]) -
                0.1 * Math.log10(layer.out + layer.in);
            near(scores[file.start[index] + dimension], expected);
        });
    });
});

test("errors are relative to all layers, in all and by component", () => {
    const layers = createLayers(4);
    const { measurer } = open(layers);
    const { total, components } = measurer.measure(parseRecipe("rescale=1.5,rank=3"), Nothing);
    const sigma = (layer) => layer.singular.map((value) => value / 2);
    const lost = (all) => Math.hypot(...all.flatMap((layer) => sigma(layer).slice(3)));
    const whole = (all) => Math.hypot(...all.flatMap(sigma));
    near(total.relativeErrorToLora, lost(layers) / whole(layers));
    near(total.relativeErrorToBase, (1.5 * lost(layers)) / Math.hypot(...layers.map((layer) => layer.frobenius)));
    near(total.retained, 1 - (lost(layers) / whole(layers)) ** 2);
    const shares = layers.map((layer) => Math.hypot(...sigma(layer).slice(0, 3)) / Math.hypot(...sigma(layer)));
    const average = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    near(total.frobeniusRetention, average);
    near(total.frobeniusRetentionDeviation, Math.sqrt(shares.reduce((sum, share) => sum + (share - average) ** 2, 0) / shares.length));
    assert.deepEqual(
        components.map((each) => each.component),
        ["UNet", "TextEncoder1"],
    );
    near(components[1].relativeErrorToLora, lost(layers.slice(4)) / whole(layers.slice(4)));
    assert.deepEqual([total.oldRank, total.newRank, total.layersKept, total.layersDropped], [48, 18, 6, 0]);
});

test("a size is kept to the byte, and one more dimension would exceed it", () => {
    const { measurer } = open(createLayers(5));
    for (const bytes of [2500, 4000, 5001, 6000]) {
        const { newLength, total } = measurer.measure(parseRecipe(`spn_lora=1,size=${bytes / 1048576}`), Nothing);
        assert.ok(newLength <= bytes);
        const threshold = measurer.thresholdOf(parseRecipe("spn_lora=1,thr=0"), Nothing, (total.newRank + 1) / 48);
        const more = measurer.measure(parseRecipe(`spn_lora=1,thr=${threshold}`), Nothing);
        assert.equal(more.total.newRank, total.newRank + 1);
        assert.ok(more.newLength > bytes - 64);
    }

    assert.throws(() => measurer.measure(parseRecipe("spn_lora=1,size=0.0001"), Nothing), /cannot be made so small/);
});

test("keep= is a share of the input's size", () => {
    const { measurer } = open(createLayers(5), { length: 10000 });
    const byShare = measurer.measure(parseRecipe("keep=0.4"), Nothing);
    const bySize = measurer.measure(parseRecipe("size=0.003814697265625"), Nothing);
    assert.equal(byShare.total.newRank, bySize.total.newRank);
    assert.ok(byShare.newLength <= 4000);
});

test("retain= and loss= keep the fewest dimensions that are good enough", () => {
    const { measurer } = open(createLayers(6, { base: true }).map((layer) => ({ ...layer, spectral: 1 })));
    for (const [recipe, value] of [
        ["retain=0.9", (total) => total.retained >= 0.9 - 1e-12],
        ["loss=0.02", (total) => total.relativeErrorToBase <= 0.02 + 1e-12],
    ]) {
        const { total } = measurer.measure(parseRecipe(recipe), Nothing);
        assert.ok(value(total), recipe);

        // Over base weights of spectral norm 1 the score is log10 σ, as without weights.
        const threshold = measurer.thresholdOf(parseRecipe("keep=9"), Nothing, (total.newRank - 1) / 48);
        const fewer = measurer.measure(parseRecipe(`spn_ckpt=1,thr=${threshold}`), Nothing);
        assert.equal(fewer.total.newRank, total.newRank - 1);
        assert.equal(value(fewer.total), false, recipe);
    }
});

test("of a quality and a size the stricter decides", () => {
    const { measurer } = open(createLayers(7), { length: 10000 });
    const rank = (recipe) => measurer.measure(parseRecipe(recipe), Nothing).total.newRank;
    assert.equal(rank("retain=0.99,keep=0.3"), rank("keep=0.3"));
    assert.equal(rank("retain=0.5,keep=0.9"), rank("retain=0.5"));
});

test("layers without a base weight are copied where the recipe needs one", () => {
    const layers = createLayers(8);
    delete layers[2].spectral;
    delete layers[2].frobenius;
    const { file, measurer } = open(layers);
    const against = measurer.measure(parseRecipe("spn_ckpt=1,thr=-9"), Nothing);
    assert.deepEqual(against.passedThrough, [file.layers.name[2]]);
    assert.equal(against.layers.length, 5);
    assert.equal(measurer.measure(parseRecipe("spn_lora=1,thr=-9"), Nothing).layers.length, 6);
});

test("blocks that are left out are not in the file at all", () => {
    const layers = createLayers(9);
    const { measurer } = open(layers);
    const recipe = parseRecipe("rank=2");
    const part = measurer.measure(recipe, new Set(["UNet/block.1", "TextEncoder1/block.2"]));
    assert.deepEqual(
        part.layers.map(({ layer }) => layer),
        [0, 2, 3, 4],
    );
    assert.ok(part.newLength < measurer.measure(recipe, Nothing).newLength);
    const keys = layers.map((layer) => `${layer.component}/${layer.block}`);
    assert.throws(() => measurer.measure(recipe, new Set(keys)), /Every block is left out/);
});

test("what cannot be measured says why", () => {
    const { measurer } = open(createLayers(10, { base: false }), { checkpoints: [] });
    assert.throws(() => measurer.measure(parseRecipe("spn_ckpt=1,thr=-1"), Nothing), /measures against the base model/);
    assert.throws(() => measurer.measure(parseRecipe("subspace=1,thr=-1"), Nothing), /subspace score was not computed/);
});

test("a layer by which loaders know the file keeps a dimension", () => {
    const layers = createLayers(11, { count: 2 });
    const { measurer } = open([{ ...layers[0], mustStay: 1 }, layers[1]]);
    const { layers: outcomes } = measurer.measure(parseRecipe("spn_lora=1,thr=5"), Nothing);
    assert.deepEqual(
        outcomes.map(({ newRank }) => newRank),
        [1, 0],
    );
});

test("a layer that is all zero is dropped by scores, and kept by limits alone", () => {
    const [layer] = createLayers(12, { count: 1 });
    const { measurer } = open([layer, { ...layer, name: "zero", singular: layer.singular.map(() => 0) }]);
    assert.equal(measurer.measure(parseRecipe("spn_lora=1,thr=-99"), Nothing).layers[1].newRank, 0);
    assert.equal(measurer.measure(parseRecipe("rank=4"), Nothing).layers[1].newRank, 1);
    assert.equal(measurer.measure(parseRecipe("rank=4"), Nothing).layers[1].frobeniusRetention, null);
});

test("numbers of any magnitude are measured", () => {
    const layers = createLayers(13).map((layer) => ({ ...layer, singular: layer.singular.map((value) => value * 1e-200) }));
    const { measurer } = open(layers);
    const { total } = measurer.measure(parseRecipe("retain=0.9"), Nothing);
    assert.ok(total.retained >= 0.9 && total.retained < 1);
});

test("a full rank-128 LoRA of SDXL is measured within the time of a slider's step", () => {
    const { measurer } = open([], {});
    assert.throws(() => measurer.measure(parseRecipe("rank=1"), Nothing));
    const file = openFile(createSdxl());
    const large = new Measurer(file, "ResizeLora 0.1.0");
    large.measure(parseRecipe("spn_ckpt=1,thr=-2"), Nothing);
    const times = Array.from({ length: 13 }, (_, step) => {
        const start = performance.now();
        large.measure(parseRecipe(`spn_ckpt=1,thr=${-2 + step / 10}`), Nothing);
        return performance.now() - start;
    });
    assert.ok(times.sort((left, right) => left - right)[4] < 50, `a step takes ${times[4]} ms`);
});
