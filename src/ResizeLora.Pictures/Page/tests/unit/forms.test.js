import assert from "node:assert/strict";
import { test } from "node:test";
import { openFile } from "../../source/exact/data.js";
import { Measurer } from "../../source/exact/measure.js";
import { parseRecipe } from "../../source/exact/recipe-parser.js";
import { settingsLength } from "../../source/exact/peft.js";
import { base64OfDoubles, base64OfIntegers, createFile } from "../support/page-data.js";

// A LoKr of 2×2 ⊗ 8×8: σ of the halves are 4, 1 and 8 … 1, so that the products go down by whole numbers.
function createLokr() {
    const first = [4, 1];
    const second = [8, 7, 6, 5, 4, 3, 2, 1];
    const products = first
        .flatMap((one) => second.map((other, index) => ({ value: one * other, index })))
        .sort((left, right) => right.value - left.value);
    const singular = products.map(({ value }) => value);
    const source = createFile([{ name: "layer", out: 16, in: 16, rank: 16, alpha: 16, singular }]);
    source.layers.adapterKind = ["LoKr"];
    source.layers.order = { 0: { second: base64OfIntegers(products.map(({ index }) => index)), rank: 8 } };
    source.singularValues = base64OfDoubles(singular);
    const [pair] = source.pairs;
    pair.pair = [
        [1, 0, -1, 16],
        [2, 0, 16, -1],
    ];
    pair.stored = {
        same: [
            [0, 0],
            [1, 0, 2, 2],
            [2, 0, 8, 8],
        ],
        rescaled: [
            [0, 1],
            [1, 0, 2, 2],
            [2, 0, 8, 8],
        ],
    };
    pair.reduced = [
        [1, 0, 2, 2],
        [2, 0, 8, -1],
        [2, 1, -1, 8],
    ];
    pair.reducedAlpha = { name: 0, shape: [], wide: [] };
    return source;
}

const measure = (source, recipe) => new Measurer(openFile(source), "tool").measure(parseRecipe(recipe), new Set()).layers[0];

test("a LoKr is written in the smallest of its forms", () => {
    // As it is it takes 138 bytes; cut to rank r 10 + 48r; as a LoRA of rank r 2 + 64r.
    assert.deepEqual([measure(createLokr(), "rank=1").way, measure(createLokr(), "rank=1").newRank], ["Reduced", 2]);
    assert.deepEqual([measure(createLokr(), "rank=2").way, measure(createLokr(), "rank=2").newRank], ["Reduced", 4]);
    assert.deepEqual([measure(createLokr(), "rank=3").way, measure(createLokr(), "rank=3").newRank], ["Stored", 16]);
});

test("a form that keeps more loses less", () => {
    const { lost } = measure(createLokr(), "rank=3");
    assert.equal(lost, 0);
    const reduced = measure(createLokr(), "rank=1");
    assert.ok(Math.abs(reduced.lost - Math.hypot(...[7, 6, 5, 4, 3, 2, 1].flatMap((value) => [value, 4 * value]))) < 1e-12);
});

test("a rescaled layer has its own tensors", () => {
    const file = openFile(createLokr());
    const lengthOf = (recipe) => new Measurer(file, "tool").measure(parseRecipe(recipe), new Set()).newLength;
    assert.notEqual(lengthOf("rank=16"), lengthOf("rank=16,rescale=2"));
});

test("layers that share a pair share its rank", () => {
    const singular = [4, 3, 2, 1];
    const part = (name) => ({ name, out: 8, in: 8, rank: 4, singular });
    const source = createFile([part("q"), part("k")]);
    source.pairs = [{ ...source.pairs[0], layers: [0, 1] }];
    const both = new Measurer(openFile(source), "tool").measure(parseRecipe("rank=2"), new Set());
    assert.deepEqual(
        both.layers.map(({ newRank }) => newRank),
        [2, 2],
    );
    assert.deepEqual(
        both.layers.map(({ way }) => way),
        ["Pair", "Pair"],
    );
    source.layers.baseFrobenius = [1, null];
    source.layers.baseSpectral = [1, null];
    const measurer = new Measurer(openFile(source), "tool");
    assert.throws(() => measurer.measure(parseRecipe("spn_ckpt=1,thr=-1"), new Set()), /no layer has one/);
});

const Peft = {
    unchanged: 77,
    hasKept: false,
    entries: [
        ["r", 8],
        ["lora_alpha", 18],
        ["rank_pattern", 20],
        ["other", 15],
    ],
    components: [
        {
            prefix: "",
            isStabilised: false,
            rank: 16,
            earlierRanks: [
                ["old", 12],
                ["a", 9],
            ],
            earlierAlphas: [["old", 14]],
        },
    ],
};
const module = (name, rank, scale) => ({ component: 0, name, bytes: name.length + 5, rank, scale });

test("PEFT's settings are counted as they are written", () => {
    const written = [
        { module: module("a", 8, 0.5), rank: 4, scale: 1 },
        { module: module("bc", 8, 0.5), rank: 8, scale: 0.3 },
    ];
    const escaped = (value) => JSON.stringify(JSON.stringify(value)).length - 2;
    const plain = { r: 16, lora_alpha: 16, use_rslora: false, rank_pattern: { a: 4, bc: 8 }, alpha_pattern: { a: 4, bc: 2.4 } };
    assert.equal(settingsLength(Peft, written, false), escaped(plain) + 15 + 1);

    const others = { rank_pattern: { a: 4, bc: 8 }, alpha_pattern: { a: 4, bc: 2.4 } };
    assert.equal(settingsLength(Peft, written, true), escaped(others) + 8 + 18 + 15 + 3 + 12 + 14 + 2);
    assert.equal(settingsLength(Peft, [], true), 77);
});

test("stabilised scales count by the root of the rank", () => {
    const peft = { ...Peft, components: [{ ...Peft.components[0], isStabilised: true, earlierRanks: [], earlierAlphas: [] }] };
    const written = [{ module: module("a", 8, 0.5), rank: 4, scale: 0.7 }];
    const lengths = [true, false].map((hasOthers) => settingsLength(peft, written, hasOthers));
    const parts = { rank_pattern: { a: 4 }, alpha_pattern: { a: 1.4 } };
    const escaped = JSON.stringify(JSON.stringify(parts)).length - 2;
    assert.equal(lengths[0], escaped + 8 + 18 + 15 + 3);
});
