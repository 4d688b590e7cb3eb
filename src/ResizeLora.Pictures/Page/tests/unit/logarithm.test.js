import assert from "node:assert/strict";
import { test } from "node:test";
import { log10 } from "../../source/exact/logarithm.js";
import { randomNumbers } from "../support/page-data.js";

const bitsOf = (value) => new BigUint64Array(new Float64Array([value]).buffer)[0];

test("the bits are those of DecimalLogarithm.cs", () => {
    // The same cases as in DecimalLogarithmTests.BitsAreFixed.
    const cases = [
        [2, 0x3fd34413509f79ffn],
        [3, 0x3fde8927964fd5fdn],
        [0.7, 0xbfc3d3d3d21ccf04n],
        [1.2345e-67, 0xc050ba2502898f9cn],
        [6.02214076e23, 0x4037c79dc150c543n],
    ];
    for (const [value, bits] of cases) {
        assert.equal(bitsOf(log10(value)), bits, String(value));
    }
});

test("powers of ten are exact", () => {
    for (let power = -300; power <= 300; power++) {
        assert.equal(log10(Number(`1e${power}`)), power);
    }
});

test("limits are kept", () => {
    assert.equal(log10(0), -Infinity);
    assert.equal(log10(-0), -Infinity);
    assert.equal(log10(Infinity), Infinity);
    assert.ok(Number.isNaN(log10(-1)));
    assert.ok(Number.isNaN(log10(NaN)));
    assert.equal(log10(5e-324), -323.3062153431158);
    assert.equal(log10(Number.MAX_VALUE), 308.25471555991675);
});

test("any number is near the browser's own logarithm", () => {
    const random = randomNumbers(11);
    for (let count = 0; count < 20000; count++) {
        const value = (1 + random()) * 2 ** Math.floor(2000 * random() - 1000);
        const expected = Math.log10(value);
        assert.ok(Math.abs(log10(value) - expected) <= 4e-16 * Math.max(Math.abs(expected), 1e-1), String(value));
    }
});
