import assert from "node:assert/strict";
import { test } from "node:test";
import { isAbove, Ranking, selectAbove } from "../../source/exact/selection.js";
import { randomNumbers } from "../support/page-data.js";

const kept = ({ mask }) => [...mask].flatMap((isKept, index) => (isKept === 1 ? [index] : []));

test("a score must be strictly above the threshold, rounding aside", () => {
    assert.equal(isAbove(-1, -1), false);
    assert.equal(isAbove(-1 + 3e-13, -1), false);
    assert.equal(isAbove(-1 + 5e-13, -1), true);
    assert.deepEqual(kept(selectAbove(Float64Array.of(-1, 0, -Infinity, NaN, 2), -1)), [1, 4]);
});

test("the highest scores come first, of equal ones the earlier", () => {
    const ranking = new Ranking(Float64Array.of(1, 3, 2, 3, -Infinity, NaN, 2, 2));
    assert.equal(ranking.length, 6);
    assert.deepEqual(kept(ranking.take(1)), [1]);
    assert.deepEqual(kept(ranking.take(2)), [1, 3]);
    assert.deepEqual(kept(ranking.take(4)), [1, 2, 3, 6]);
    assert.deepEqual(kept(ranking.take(6)), [0, 1, 2, 3, 6, 7]);
    assert.deepEqual(kept(ranking.take(0)), []);
});

test("the threshold is the score of the first that is left out", () => {
    const ranking = new Ranking(Float64Array.of(1, 3, 2, 3));
    assert.deepEqual(
        [0, 1, 2, 3, 4].map((count) => ranking.take(count).threshold),
        [3, 3, 2, 1, -Infinity],
    );
});

test("taking agrees with sorting, ties and all", () => {
    const random = randomNumbers(3);
    for (let run = 0; run < 50; run++) {
        const scores = Float64Array.from({ length: 40 }, () => (random() < 0.1 ? -Infinity : Math.floor(8 * random())));
        const order = [...scores.keys()].filter((index) => scores[index] > -Infinity).sort((a, b) => scores[b] - scores[a] || a - b);
        const ranking = new Ranking(scores);
        for (let count = 0; count <= order.length; count++) {
            assert.deepEqual(
                kept(ranking.take(count)),
                order.slice(0, count).sort((a, b) => a - b),
            );
        }
    }
});

test("bisection finds the last count that fits, and the first that is good enough", () => {
    const ranking = new Ranking(Float64Array.from({ length: 37 }, (_, index) => -index));
    const count = ({ mask }) => mask.reduce((sum, one) => sum + one, 0);
    for (let bound = 0; bound <= 37; bound++) {
        assert.equal(
            ranking.mostThatFit((selection) => count(selection) <= bound),
            bound,
        );
        assert.equal(
            ranking.fewestThatMeet((selection) => count(selection) >= bound),
            bound,
        );
        assert.equal(
            ranking.mostThatFit((selection) => count(selection) <= bound, 20),
            Math.min(bound, 20),
        );
    }

    assert.equal(
        ranking.fewestThatMeet(() => false),
        37,
    );
});
