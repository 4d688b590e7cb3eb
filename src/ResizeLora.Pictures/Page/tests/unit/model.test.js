import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, readAddress } from "../../source/model/address.js";
import { chooseCut, draftOf, editorOf, Initial, recipeOf } from "../../source/model/editor.js";
import { grouped, mebibytes, percent, retainedText, scoreText } from "../../source/model/format.js";
import { createRamp, rangeOf } from "../../source/model/ramp.js";
import { groupRows, matcherOf } from "../../source/model/rows.js";
import { niceScale, positiveScale, stepsOf, valueOf } from "../../source/model/steps.js";
import { visibleText } from "../../source/model/visible.js";
import { openFile } from "../../source/exact/data.js";
import { parseRecipe } from "../../source/exact/recipe-parser.js";
import { recipeToText, RecipeError } from "../../source/exact/recipe.js";
import { createFile } from "../support/page-data.js";

test("the controls give back every recipe that they are set by", () => {
    const recipes = [
        "spn_ckpt=1,thr=-1.2",
        "spn_ckpt=0.25,params=0.75,rescale=1.5,size=3.5",
        "retain=0.98",
        "loss=0.02,size=4,keep=0.5",
        "size=4,keep=0.5",
        "spn_lora=1,keep=0.25",
        "sv_knee",
        "sv_fro=0.9,sv_count=old,rank=8,conv_rank=4",
        "spn_lora=1,thr=-1,sv_ratio=7,rank=2",
        "rescale=2,rank=8",
        "spn_ckpt=2,spn_lora=-1,thr=-0.123456789",
    ];
    let editor = Initial;
    for (const text of recipes) {
        editor = editorOf(parseRecipe(text), editor);
        assert.equal(recipeToText(recipeOf(editor)), text);
    }
});

test("a number that is out of use is there again later", () => {
    let editor = editorOf(parseRecipe("spn_ckpt=1,thr=-0.77"), Initial);
    editor = editorOf(parseRecipe("retain=0.9"), editor);
    assert.equal(recipeToText(recipeOf({ ...editor, cut: "thr", weights: { ...editor.weights, spn_lora: 1 } })), "spn_lora=1,thr=-0.77");
});

test("without a cut weights are idle", () => {
    const editor = editorOf(parseRecipe("spn_ckpt=1,thr=-1,rank=8"), Initial);
    assert.equal(recipeToText(recipeOf({ ...editor, cut: "none" })), "rank=8");
    assert.throws(() => recipeOf(Initial), RecipeError);
    assert.throws(() => recipeOf(Initial), /choose a method or a highest rank/);
});

test("another cut brings what it cannot do without, and nothing else", () => {
    const layer = { name: "a", out: 8, in: 8, rank: 4, singular: [4, 3, 2, 1] };
    const based = openFile(createFile([layer]));
    const baseless = openFile(createFile([layer], { checkpoints: [] }));
    const chosen = (text, cut, file) => {
        const editor = editorOf(parseRecipe(text), Initial);
        return recipeToText(recipeOf({ ...editor, ...chooseCut(editor, cut, file) }));
    };
    assert.equal(chosen("retain=0.95", "thr", baseless), "spn_lora=1,thr=-1.2");
    assert.equal(chosen("params=1,size=3", "thr", based), "params=1,thr=-1.2");
    assert.equal(chosen("retain=0.95", "none", based), "rank=4");
    assert.equal(chosen("retain=0.95,sv_knee", "none", based), "sv_knee");
});

test("what makes no recipe is said in the grammar", () => {
    const editor = editorOf(parseRecipe("spn_ckpt=1,thr=-1.2,rank=8"), Initial);
    assert.equal(draftOf({ ...editor, weights: { ...editor.weights, spn_ckpt: 0 } }), "thr=-1.2,rank=8");
    assert.equal(draftOf({ ...editor, rescale: 0 }), "spn_ckpt=1,rescale=0,thr=-1.2,rank=8");
});

test("a scale of positive values begins above zero", () => {
    for (const highest of [0.001, 0.0572, 0.3, 1, 870]) {
        const scale = positiveScale(highest);
        assert.ok(valueOf(scale, stepsOf(scale, 0)) > 0, String(highest));
        assert.ok(scale.highest >= highest && scale.lowest < scale.highest / 100, String(highest));
    }
});

test("the steps of sliders are short decimals", () => {
    const scale = { lowest: -4, highest: 0, perUnit: 100 };
    for (let steps = -400; steps <= 0; steps++) {
        assert.ok(String(valueOf(scale, steps)).length <= 5, String(valueOf(scale, steps)));
        assert.equal(stepsOf(scale, valueOf(scale, steps)), steps);
    }

    assert.equal(valueOf({ perUnit: 10 }, 3), 0.3);
    assert.equal(stepsOf(scale, 7), 0);
});

test("scales have few enough steps, and reach both ends", () => {
    for (const highest of [0.013, 0.3112, 0.9, 1, 3.7, 218, 871.7, 12345]) {
        const scale = niceScale(0, highest);
        const steps = (scale.highest - scale.lowest) * scale.perUnit;
        assert.ok(scale.highest >= highest && scale.highest < highest * 1.02 + 1 / scale.perUnit, String(highest));
        assert.ok(steps <= 402 || scale.perUnit === 1, `${highest}: ${steps} steps`);
        assert.ok(String(valueOf(scale, Math.round(steps / 3))).length <= 8);
    }
});

test("the address keeps the state", () => {
    const state = { recipe: "spn_ckpt=1,thr=-1.2", file: 1, leftOut: [[], ["UNet/input_blocks.4", "a&b=c#/ü"]] };
    assert.deepEqual(readAddress(`#${addressOf(state)}`, 2), state);
    assert.deepEqual(readAddress("", 2), { recipe: null, file: 0, leftOut: [[], []] });
    assert.equal(readAddress("#file=9", 2).file, 0);
    assert.equal(readAddress("#file=__proto__&out1=<img>", 1).file, 0);
});

test("searches are parts of names, or patterns with stars", () => {
    assert.equal(matcherOf("")("anything"), true);
    assert.equal(matcherOf("TO_Q")("lora_unet_to_q"), true);
    assert.equal(matcherOf("a.c")("abc"), false);
    assert.equal(matcherOf("lora*to_q")("lora_unet_to_q"), true);
    assert.equal(matcherOf("*to_*")("lora_unet_to_q"), true);
    assert.equal(matcherOf("to_*")("lora_unet_to_q"), false);
    assert.equal(matcherOf("a(b*")("a(bc"), true);
});

test("rows are grouped by component and block, and ordered within", () => {
    const layer = (name, component, block) => ({ name, component, block, out: 2, in: 2, rank: 1, singular: [1] });
    const file = openFile(
        createFile([layer("c", "UNet", "x"), layer("t", "TextEncoder1", "x"), layer("a", "UNet", "y"), layer("b", "UNet", "x")]),
    );
    const rows = (search, descending) =>
        groupRows(file, search, (index) => file.layers.name[index], descending).map(({ key, layers }) => `${key}: ${layers.join()}`);
    assert.deepEqual(rows("", false), ["UNet/x: 3,0", "UNet/y: 2", "TextEncoder1/x: 1"]);
    assert.deepEqual(rows("", true), ["UNet/x: 0,3", "UNet/y: 2", "TextEncoder1/x: 1"]);
    assert.deepEqual(rows("a", false), ["UNet/y: 2"]);
});

test("blocks come by their numbers, the denoiser before the text encoders", () => {
    const places = [
        ["TextEncoder2", "layers.0"],
        ["TextEncoder1", "layers.10"],
        ["TextEncoder1", "layers.2"],
        ["Other", ""],
        ["UNet", "output_blocks.1"],
        ["UNet", "input_blocks.11"],
        ["UNet", "input_blocks.4"],
    ];
    const file = openFile(
        createFile(
            places.map(([component, block], index) => ({ name: `n${index}`, component, block, out: 2, in: 2, rank: 1, singular: [1] })),
        ),
    );
    assert.deepEqual(
        groupRows(file, "", (layer) => layer, false).map(({ key }) => key),
        [
            "UNet/input_blocks.4",
            "UNet/input_blocks.11",
            "UNet/output_blocks.1",
            "TextEncoder1/layers.2",
            "TextEncoder1/layers.10",
            "TextEncoder2/layers.0",
            "Other/",
        ],
    );
});

test("numbers are written for people", () => {
    assert.equal(grouped(24398084), "24\u00a0398\u00a0084");
    assert.equal(mebibytes(24398084), "23.3 MiB");
    assert.equal(mebibytes(93244), "0.0889 MiB");
    assert.equal(percent(0.4308), "43.1 %");
    assert.equal(percent(null), "–");
    assert.equal(percent(0), "0 %");
    assert.equal(retainedText(0.8144), "81.4 %");
    assert.equal(retainedText(0.9999714), "99.9971 %");
    assert.equal(retainedText(1), "100.0 %");
    assert.equal(scoreText(-1.2), "\u22121.200");
    assert.equal(scoreText(-Infinity), "\u2212∞");
    assert.equal(scoreText(null), "–");
});

test("characters that hide or turn text are shown", () => {
    assert.equal(visibleText("a\u202eb\u0000c\u200bd\n"), "a\\u202eb\\u0000c\\u200bd\\u000a");
    assert.equal(visibleText("naïve 層 <b>"), "naïve 層 <b>");
});

test("colours rise in lightness, and what is dropped is paler than what is kept", () => {
    const luminance = (pixel) => 0.2126 * (pixel & 255) + 0.7152 * ((pixel >> 8) & 255) + 0.0722 * ((pixel >> 16) & 255);
    for (const isDark of [false, true]) {
        const { kept, dropped } = createRamp(isDark);
        for (let index = 8; index < kept.length; index += 8) {
            assert.ok(luminance(kept[index]) > luminance(kept[index - 8]), `${isDark} ${index}`);
        }

        const spread = (ramp) => luminance(ramp[255]) - luminance(ramp[0]);
        assert.ok(spread(dropped) < 0.5 * spread(kept));
    }
});

test("the range of the colours leaves odd ones out", () => {
    const scores = Float64Array.from({ length: 1000 }, (_, index) => (index === 3 ? -300 : -index / 500));
    assert.deepEqual(rangeOf(scores), { low: -2, high: 0 });
    assert.deepEqual(rangeOf(Float64Array.of(-Infinity)), { low: -1, high: 0 });
    assert.deepEqual(rangeOf(Float64Array.of(0.1, 0.1)), { low: 0, high: 0.25 });
});
