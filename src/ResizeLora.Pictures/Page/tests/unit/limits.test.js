import assert from "node:assert/strict";
import { test } from "node:test";
import { openFile } from "../../source/exact/data.js";
import { countWithoutScores, kneeOf, limitRank } from "../../source/exact/limits.js";
import { NoLimits } from "../../source/exact/recipe.js";
import { createFile } from "../support/page-data.js";

const fileOf = (singular, kind = "Linear") =>
    openFile(createFile([{ name: "layer", kind, out: 16, in: 16, rank: singular.length, singular }]));
const countOf = (singular, limits, kind) => countWithoutScores(fileOf(singular, kind), { ...NoLimits, ...limits }, 0);

test("sv_ratio keeps what lies above σ₁/ratio", () => {
    assert.equal(countOf([10, 5, 2, 1], { sv_ratio: 5 }), 2);
    assert.equal(countOf([10, 5, 2, 1], { sv_ratio: 5.1 }), 3);
    assert.equal(countOf([10, 5, 2, 1], { sv_ratio: 1 }), 1);
    assert.equal(countOf([10, 5, 2, 1], { sv_ratio: Infinity }), 4);
});

test("sv_fro and sv_cumulative keep a share", () => {
    assert.equal(countOf([4, 3, 0], { sv_fro: 0.8 }), 1);
    assert.equal(countOf([4, 3, 0], { sv_fro: 0.81 }), 2);
    assert.equal(countOf([4, 3, 1], { sv_cumulative: 0.5 }), 1);
    assert.equal(countOf([4, 3, 1], { sv_cumulative: 0.51 }), 2);
    assert.equal(countOf([4, 3, 1], { sv_cumulative: 1 }), 3);
});

test("the old way counts one more, and never more than there are", () => {
    assert.equal(countOf([10, 5, 2, 1], { sv_ratio: 5, sv_count: "old" }), 3);
    assert.equal(countOf([10, 5], { sv_ratio: 1000, sv_count: "old" }), 2);
});

test("caps hold for all layers, and conv_rank for convolutions", () => {
    assert.equal(countOf([4, 3, 2, 1], { rank: 2 }), 2);
    assert.equal(countOf([4, 3, 2, 1], { conv_rank: 2 }), 4);
    assert.equal(countOf([4, 3, 2, 1], { rank: 3, conv_rank: 2 }, "Convolution3x3"), 2);
    assert.equal(countOf([4, 3, 2, 1], { rank: 3 }, "Convolution1x1"), 3);
});

test("an empty layer keeps one dimension", () => {
    assert.equal(countOf([1e-6, 0], {}), 1);
    assert.equal(countOf([1e-7, 1e-7], { sv_fro: 1 }), 1);
    assert.equal(countOf([1e-7, 1e-7], { sv_knee: true }), 1);
});

test("the knee is the point farthest from the chord, on either side", () => {
    assert.equal(kneeOf([10, 2, 1.5, 1.2, 1]), 2);
    assert.equal(kneeOf([10, 9.8, 9.5, 9, 1]), 4);
    assert.equal(kneeOf([5, 4, 3, 2, 1]), 1);
    assert.equal(kneeOf([5, 1]), 2);
    assert.equal(kneeOf([3, 3, 3]), 3);
});

test("of what a method leaves a cap leaves the best by score", () => {
    const file = fileOf([4, 3, 2, 1]);
    const scores = Float64Array.of(0, 2, 3, 9);
    limitRank(file, { ...NoLimits, sv_ratio: 2.5, rank: 2 }, 0, scores);
    assert.deepEqual([...scores], [-Infinity, 2, 3, -Infinity]);

    const ties = Float64Array.of(1, 1, 1, NaN);
    limitRank(file, { ...NoLimits, rank: 2 }, 0, ties);
    assert.deepEqual([...ties], [1, 1, -Infinity, -Infinity]);
});
