import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNumber, recipeText, roundTripText } from "../../source/exact/numbers.js";

// Written by PowerShell: number.ToString("R") of .NET.
const Cases = [
    [0, "0"],
    [-0, "-0"],
    [1.0, "1"],
    [-1.0, "-1"],
    [0.1, "0.1"],
    [0.0001, "0.0001"],
    [1e-5, "1E-05"],
    [1.5e-5, "1.5E-05"],
    [9.999e-5, "9.999E-05"],
    [0.00012345678901234567, "0.00012345678901234567"],
    [123456789012345.0, "123456789012345"],
    [999999999999999.0, "999999999999999"],
    [1000000000000000.0, "1000000000000000"],
    [1500000000000000.0, "1500000000000000"],
    [1.2345678901234568e17, "1.2345678901234568E+17"],
    [1e16, "10000000000000000"],
    [-1.2, "-1.2"],
    [1e21, "1E+21"],
    [1e22, "1E+22"],
    [1e100, "1E+100"],
    [5e-324, "5E-324"],
    [1.7976931348623157e308, "1.7976931348623157E+308"],
    [2.2250738585072014e-308, "2.2250738585072014E-308"],
    [3.141592653589793, "3.141592653589793"],
    [0.3333333333333333, "0.3333333333333333"],
    [0.6666666666666666, "0.6666666666666666"],
    [0.30000000000000004, "0.30000000000000004"],
    [0.7777777777777777, "0.7777777777777777"],
    [1e-10, "1E-10"],
    [0.00012345678, "0.00012345678"],
    [100.0, "100"],
    [100000000000000.0, "100000000000000"],
    [9007199254740992.0, "9007199254740992"],
    [4.35, "4.35"],
    [1e-6, "1E-06"],
    [5e-5, "5E-05"],
    [1e23, "1E+23"],
    [1.7e-7, "1.7E-07"],
];

test("numbers are written as .NET writes them", () => {
    for (const [value, text] of Cases) {
        assert.equal(roundTripText(value), text);
    }
});

test("recipes spell infinities as Python does", () => {
    assert.equal(recipeText(Infinity), "inf");
    assert.equal(recipeText(-Infinity), "-inf");
    assert.equal(recipeText(-1.2), "-1.2");
});

test("what .NET writes is read again, to the bit", () => {
    for (const [value, text] of Cases) {
        assert.ok(Object.is(parseNumber(text), value), text);
    }
});

test("texts are numbers where .NET takes them for numbers", () => {
    const taken = { "1.": 1, ".5": 0.5, "+1": 1, " 2 ": 2, "1E3": 1000, "1e-3": 0.001, INF: Infinity, "-Infinity": -Infinity };
    for (const [text, value] of Object.entries(taken)) {
        assert.equal(parseNumber(text), value, text);
    }

    for (const text of ["", "0x10", "1e", "1_000", "1,5", "--1", "one", "1 2", "."]) {
        assert.equal(parseNumber(text), null, text);
    }

    assert.ok(Number.isNaN(parseNumber("NaN")));
});
