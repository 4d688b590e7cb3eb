import assert from "node:assert/strict";
import { test } from "node:test";
import { openFile } from "../../source/exact/data.js";
import { frontPoints, Fronts } from "../../source/exact/front.js";
import { Measurer } from "../../source/exact/measure.js";
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
