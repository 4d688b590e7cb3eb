import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf, commandOfAll, quote } from "../../source/exact/command.js";
import { openFile } from "../../source/exact/data.js";
import { createFile } from "../support/page-data.js";

const Blocks = [
    ["UNet", "input_blocks.1"],
    ["UNet", "middle_block"],
    ["TextEncoder1", "layers.0"],
    ["TextEncoder1", "layers.1"],
    ["TextEncoder2", "layers.0"],
];

function fileOf(options = {}) {
    const layers = Blocks.map(([component, block], index) => ({
        name: `layer${index}`,
        component,
        block,
        out: 4,
        in: 4,
        rank: 2,
        singular: [2, 1],
    }));
    return openFile({
        ...createFile(layers, { path: "/l/a.safetensors", checkpoints: ["/m/b.safetensors"], ...options }),
        ...options.more,
    });
}

const filterOf = (...keys) => /Where-Object \{ (.*) \} \|/.exec(commandOf(fileOf(), "rank=1", new Set(keys)))[1];

test("a file is resized by its exact name", () => {
    const command = "Resize-Lora -LiteralPath '/l/a.safetensors' -Checkpoint '/m/b.safetensors' -Recipe 'rank=1'";
    assert.equal(commandOf(fileOf(), "rank=1", new Set()), command);
    assert.equal(
        commandOf(fileOf({ checkpoints: [] }), "rank=1", new Set()),
        "Resize-Lora -LiteralPath '/l/a.safetensors' -Recipe 'rank=1'",
    );
    assert.match(commandOf(fileOf({ checkpoints: ["a", "b"] }), "rank=1", new Set()), /-Checkpoint 'a', 'b' /);
});

test("blocks are left out by a filter of layers", () => {
    const left = "Get-LoraSpectrum -LiteralPath '/l/a.safetensors' -Checkpoint '/m/b.safetensors' | Where-Object { ";
    assert.equal(
        commandOf(fileOf(), "rank=1", new Set(["UNet/middle_block"])),
        `${left}$_.Block -cnotin 'middle_block' } | Resize-Lora -Recipe 'rank=1'`,
    );
    assert.equal(filterOf("UNet/middle_block", "TextEncoder1/layers.1"), "$_.Block -cnotin 'middle_block', 'layers.1'");
});

test("whole components go by their names", () => {
    assert.equal(filterOf("TextEncoder1/layers.0", "TextEncoder1/layers.1"), "$_.Component -notin 'TextEncoder1'");
    assert.equal(
        filterOf("TextEncoder2/layers.0", "UNet/middle_block"),
        "$_.Component -notin 'TextEncoder2' -and $_.Block -cnotin 'middle_block'",
    );
});

test("a block that another component has too goes by both names", () => {
    assert.equal(filterOf("TextEncoder1/layers.0"), "\"$($_.Component)/$($_.Block)\" -cnotin 'TextEncoder1/layers.0'");
});

test("a name that blocks of two components have is said once", () => {
    const layers = [
        ["TextEncoder1", "layers.0"],
        ["TextEncoder1", "layers.1"],
        ["TextEncoder2", "layers.0"],
        ["TextEncoder2", "layers.1"],
    ].map(([component, block], index) => ({ name: `layer${index}`, component, block, out: 4, in: 4, rank: 2, singular: [2, 1] }));
    const command = commandOf(openFile(createFile(layers)), "rank=1", new Set(["TextEncoder1/layers.0", "TextEncoder2/layers.0"]));
    assert.match(command, /\{ \$_.Block -cnotin 'layers.0' \}/);
});

test("a file of which every block is left out has no command", () => {
    const every = new Set(Blocks.map(([component, block]) => `${component}/${block}`));
    assert.equal(commandOf(fileOf(), "rank=1", every), "");
    assert.equal(
        commandOfAll([fileOf({ path: "/a" }), fileOf({ path: "/b" })], "rank=1", [every, new Set()]),
        commandOf(fileOf({ path: "/b" }), "rank=1", new Set()),
    );
});

test("all files are one command where they differ in nothing but their names", () => {
    const [one, other, third] = ["/a", "/b", "/c"].map((path) => fileOf({ path }));
    const none = new Set();
    assert.equal(
        commandOfAll([one, other], "rank=1", [none, none]),
        "Resize-Lora -LiteralPath '/a', '/b' -Checkpoint '/m/b.safetensors' -Recipe 'rank=1'",
    );
    const lines = commandOfAll([one, other, third], "rank=1", [none, new Set(["UNet/middle_block"]), none]).split("\n");
    assert.match(lines[0], /^Resize-Lora -LiteralPath '\/a', '\/c' /);
    assert.equal(lines[1], commandOf(other, "rank=1", new Set(["UNet/middle_block"])));
    assert.equal(commandOfAll([one, fileOf({ path: "/d", checkpoints: [] })], "rank=1", [none, none]).split("\n").length, 2);
});

test("quotes of every kind stay inside the argument", () => {
    assert.equal(quote("it's"), "'it''s'");
    assert.equal(quote("\u2018a\u2019b\u201ac\u201b"), "'\u2018\u2018a\u2019\u2019b\u201a\u201ac\u201b\u201b'");
    assert.equal(quote('$(Remove-Item x); `"#'), "'$(Remove-Item x); `\"#'");
});

test("what cannot be seen is written as an escape", () => {
    assert.equal(quote("a\nb"), '"a`u{a}b"');
    assert.equal(quote("a\u202eb"), '"a`u{202e}b"');
    assert.equal(quote("$x\"`\u201d\u0007'"), '"`$x`"```\u201d`u{7}\'"');
});

test("merges and whole differences are said", () => {
    const merge = [
        { path: "a", weight: 0.7 },
        { path: "b'", weight: -0.3 },
    ];
    const merged = fileOf({ more: { merge } });
    assert.equal(
        commandOf(merged, "rank=1", new Set()),
        "Merge-Lora -LiteralPath 'a', 'b''' -Weight 0.7, -0.3 | Resize-Lora -Checkpoint '/m/b.safetensors' -Recipe 'rank=1'",
    );
    assert.match(
        commandOf(merged, "rank=1", new Set(["UNet/middle_block"])),
        /^Merge-Lora .* \| Get-LoraSpectrum -Checkpoint .* \| Where-Object .* \| Resize-Lora -Recipe 'rank=1'$/,
    );
    const full = fileOf();
    full.layers.adapterKind[1] = "Full";
    assert.match(commandOf(full, "rank=1", new Set()), / -IncludeDifference -Recipe /);
    assert.match(commandOf(full, "rank=1", new Set(["UNet/middle_block"])), /^Get-LoraSpectrum .* -IncludeDifference \| /);
});

test("layers that were not given to the page are left out, and a file that was resized is resized again", () => {
    const absent = [
        { name: "layer9", component: "UNet", block: "middle_block" },
        { name: "layer10", component: "TextEncoder3", block: "layers.7" },
    ];
    const command = commandOf(fileOf({ more: { absent } }), "rank=1", new Set());
    assert.match(command, /Where-Object \{ \$_.Component -notin 'TextEncoder3' -and \$_.Layer -cnotin 'layer9' \}/);
    assert.match(commandOf(fileOf({ more: { wasResized: true } }), "rank=1", new Set()), /-Recipe 'rank=1' -Force$/);
});
