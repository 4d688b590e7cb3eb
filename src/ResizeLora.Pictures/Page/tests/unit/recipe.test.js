import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecipe } from "../../source/exact/recipe-parser.js";
import { isRanked, needsBase, RecipeError, recipeToText } from "../../source/exact/recipe.js";

const textOf = (text) => recipeToText(parseRecipe(text));

test("a recipe's text is normalised, in the order of the grammar", () => {
    const cases = {
        "spn_ckpt=1,thr=-1.2": "spn_ckpt=1,thr=-1.2",
        " THR = -1 , Spn_Lora ": "spn_lora=1,thr=-1",
        "params=0.5,spn_ckpt=1.5,size=32": "spn_ckpt=0.75,params=0.25,size=32",
        "spn_ckpt=7,spn_lora=2,thr=0": "spn_ckpt=0.7777777777777778,spn_lora=0.2222222222222222,thr=0",
        "spn_ckpt=0,spn_lora=3,thr=inf": "spn_lora=1,thr=inf",
        "conv_rank=4,rank=8,rescale=1.5,sv_fro=0.9": "rescale=1.5,sv_fro=0.9,rank=8,conv_rank=4",
        "keep=0.25,size=4,retain=0.9": "retain=0.9,size=4,keep=0.25",
        "sv_ratio=5,sv_count=old": "sv_ratio=5,sv_count=old",
        "sv_ratio=5,sv_count=NEW": "sv_ratio=5",
        "sv_knee,rank=8": "sv_knee,rank=8",
        "size=32": "size=32",
        "spn_ckpt=1,thr=0.00001,rescale=1": "spn_ckpt=1,thr=1E-05",
    };
    for (const [text, normal] of Object.entries(cases)) {
        assert.equal(textOf(text), normal);
        assert.equal(textOf(normal), normal);
    }
});

test("parts that make no recipe are refused", () => {
    const refused = [
        "",
        "spn_ckpt=1",
        "thr=-1",
        "spn=1,thr=1",
        "spn_ckpt=1,thr=x",
        "spn_ckpt=1,thr=nan",
        "spn_ckpt=1,thr=1,thr=2",
        "spn_ckpt=-1,thr=0",
        "spn_ckpt=inf,thr=0",
        "spn_ckpt=1,thr=0,size=3",
        "spn_ckpt=1,thr=0,retain=0.9",
        "retain=0.9,loss=0.1",
        "retain=0",
        "retain=1.1",
        "loss=0",
        "loss=inf",
        "keep=-1",
        "size=0",
        "spn_lora=0,size=8",
        "spn_lora=0,rank=4",
        "rescale=0,rank=4",
        "rank=0",
        "rank=1.5",
        "rank=2147483648",
        "conv_rank=-1",
        "sv_fro=0",
        "sv_fro=1.01",
        "sv_cumulative=2",
        "sv_ratio=0.5",
        "sv_ratio=nan",
        "sv_fro=0.9,sv_ratio=3",
        "sv_knee,sv_fro=0.5",
        "sv_knee=3",
        "sv_count=old,rank=3",
        "sv_count=old,sv_knee",
        "sv_ratio=3,sv_count=mid",
        "rank=",
        "rank",
        "spn_ckpt=1,rank=4",
    ];
    for (const text of refused) {
        assert.throws(() => parseRecipe(text), RecipeError, text);
    }
});

test("what excludes each other is named", () => {
    assert.throws(() => parseRecipe("spn_ckpt=1,thr=0,keep=0.5"), /'thr=' and 'keep=' exclude each other/);
    assert.throws(() => parseRecipe("retain=0.9,loss=0.1"), /'retain=' and 'loss=' exclude each other/);
});

test("a key that is not known leads to the nearest one, as in the engine", () => {
    for (const [mistyped, nearest] of [
        ["trh", "thr"],
        ["threshold", "thr"],
        ["SPN_CKTP", "spn_ckpt"],
        ["conv", "conv_rank"],
        ["reatin", "retain"],
        ["size".repeat(100000), "size"],
    ]) {
        assert.throws(() => parseRecipe(`${mistyped}=1`), new RegExp(`no key '${mistyped.slice(0, 9)}.*; the nearest is '${nearest}'`));
    }
});

test("a base model is needed where something is measured against it", () => {
    for (const [text, needs] of [
        ["spn_ckpt=1,thr=0", true],
        ["fro_ckpt=1,size=3", true],
        ["subspace=1,thr=0", true],
        ["loss=0.1", true],
        ["spn_lora=1,thr=0", false],
        ["retain=0.9", false],
        ["rank=3", false],
    ]) {
        assert.equal(needsBase(parseRecipe(text)), needs, text);
    }
});

test("dimensions are ranked by weights, and by cuts that go down the ranking", () => {
    for (const [text, ranked] of [
        ["spn_lora=1,thr=0", true],
        ["retain=0.9", true],
        ["size=3", true],
        ["keep=0.5", true],
        ["rank=3", false],
        ["sv_knee", false],
    ]) {
        assert.equal(isRanked(parseRecipe(text)), ranked, text);
    }
});
