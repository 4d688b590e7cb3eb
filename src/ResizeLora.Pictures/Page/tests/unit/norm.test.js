import assert from "node:assert/strict";
import { test } from "node:test";
import { exponentOf, norm, normWhere, scale } from "../../source/exact/norm.js";

test("norms are exact where the squares are", () => {
    assert.equal(norm([3, 4]), 5);
    assert.equal(norm([]), 0);
    assert.equal(norm([0, 0]), 0);
});

test("norms keep their digits where squares would leave the range of doubles", () => {
    assert.equal(norm([3 * 2 ** -700, 4 * 2 ** -700]), 5 * 2 ** -700);
    assert.equal(norm([3 * 2 ** 700, 4 * 2 ** 700]), 5 * 2 ** 700);
    assert.equal(norm([3 * 2 ** -1074, 4 * 2 ** -1074]), 5 * 2 ** -1074);
    assert.equal(norm([Infinity, 1]), Infinity);
});

test("a mask chooses the values", () => {
    const values = [3, 100, 4, 100];
    const mask = Uint8Array.of(1, 0, 1, 0);
    assert.equal(normWhere(values, 0, 4, mask, 1), 5);
    assert.equal(normWhere(values, 0, 2, mask, 1), 3);
    assert.equal(normWhere(values, 1, 2, mask, 0), 100);
});

test("exponents are those of the highest bit", () => {
    assert.equal(exponentOf(1), 0);
    assert.equal(exponentOf(0.75), -1);
    assert.equal(exponentOf(2 ** -1074), -1074);
    assert.equal(exponentOf(Number.MAX_VALUE), 1023);
});

test("scaling by a power of two rounds nothing that fits", () => {
    assert.equal(scale(1.5, 10), 1536);
    assert.equal(scale(2 ** -1074, 1074), 1);
    assert.equal(scale(1.5, -1073), 2 ** -1073 * 1.5);
    assert.equal(scale(1, 1024), Infinity);
});
