import assert from "node:assert/strict";
import { test } from "node:test";
import { openFile } from "../../source/exact/data.js";
import { frontPoints, Fronts, pointsAt } from "../../source/exact/front.js";
import { Measurer } from "../../source/exact/measure.js";
import { parseRecipe } from "../../source/exact/recipe-parser.js";
import { compareAt } from "../../source/model/comparison.js";
import { percent } from "../../source/model/format.js";
import { createFile, fallingSpectrum, randomNumbers } from "../support/page-data.js";

const random = randomNumbers(21);
const layers = Array.from({ length: 5 }, (_, index) => ({
    name: `layer${index}`,
    out: 20,
    in: 30,
    rank: 16,
    singular: fallingSpectrum(random, 16, 1),
    spectral: 1 + random(),
    frobenius: 5,
}));
const measurer = new Measurer(openFile(createFile(layers)), "tool");

test("the points of a front are what their recipes make", () => {
    for (const front of Fronts) {
        const points = [...frontPoints(measurer, front, new Set(), 12)];
        assert.equal(points.length, 12);
        for (const point of points) {
            const outcome = measurer.measure(point.recipe, new Set());
            assert.equal(outcome.newLength, point.length, front);
            assert.equal(outcome.total.relativeErrorToLora, point.errorToLora);
            assert.equal(outcome.total.relativeErrorToBase, point.errorToBase);
        }
    }
});

test("larger files lose less", () => {
    for (const front of Fronts) {
        const points = [...frontPoints(measurer, front, new Set(), 20)];
        points.slice(1).forEach((point, index) => {
            // A shorter number in the recipe may take a few bytes off the header.
            assert.ok(point.length >= points[index].length - 16 && point.errorToLora <= points[index].errorToLora, front);
        });
        assert.equal(points.at(-1).errorToLora, 0);
    }
});

test("at a size a ranking is measured exactly, and what lies between points is said to be about so much", () => {
    const fronts = Fronts.map((name) => ({ name, points: [...frontPoints(measurer, name, new Set(), 12)] }));
    const length = fronts[0].points[5].length;
    const measured = new Map(pointsAt(measurer, Fronts, new Set(), length));
    assert.deepEqual([...measured.keys()], ["spn_ckpt", "spn_lora"]);
    for (const [name, point] of measured) {
        const outcome = measurer.measure(parseRecipe(`${name}=1,size=${length / 1048576}`), new Set());
        assert.ok(point.length <= length);
        assert.equal(point.errorToLora, outcome.total.relativeErrorToLora);
    }

    const exact = compareAt(fronts, measured, length, "errorToLora");
    assert.match(exact, /^At [\d.]+ MiB or less: /);
    assert.ok(exact.includes(`spn_lora ${percent(measured.get("spn_lora").errorToLora)}`), exact);
    assert.match(exact, /sv_fro about \d+(\.\d)? %/);
    assert.match(compareAt(fronts, new Map(), length, "errorToLora"), /spn_lora about \d+(\.\d)? %/);
    assert.equal(compareAt([], new Map(), length, "errorToLora"), "");
});

test("what cannot be measured has no front", () => {
    const without = new Measurer(
        openFile(
            createFile(
                layers.map(({ spectral, frobenius, ...layer }) => layer),
                { checkpoints: [] },
            ),
        ),
        "tool",
    );
    assert.deepEqual([...frontPoints(without, "spn_ckpt", new Set(), 5)], []);
    assert.equal([...frontPoints(without, "spn_lora", new Set(), 5)].length, 5);
});
