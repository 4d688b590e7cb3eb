// Prints what a page's script measures, for comparison with Measure-LoraResize:
//   node tests/measure.mjs PAGE.html RECIPES.json
// RECIPES.json is an array of recipes, or of { recipe, file, leftOut } with the index of the file and the keys of blocks that are left
// out, such as "UNet/input_blocks.4". The answer is an array of outcomes, or { error } where a recipe cannot be applied.

import { readFileSync } from "node:fs";
import { openFile } from "../source/exact/data.js";
import { Measurer } from "../source/exact/measure.js";
import { parseRecipe } from "../source/exact/recipe-parser.js";
import { summaryOf } from "../source/exact/summary.js";

const [, , pagePath, recipesPath] = process.argv;
const page = readFileSync(pagePath, "utf8");
const start = page.indexOf(">", page.indexOf('id="spectra"')) + 1;
const data = JSON.parse(page.slice(start, page.indexOf("</script>", start)));
const measurers = data.files.map((source) => {
    const file = openFile(source);
    return { file, measurer: new Measurer(file, data.tool) };
});

const outcomes = JSON.parse(readFileSync(recipesPath, "utf8")).map((entry) => {
    const { recipe, file: index = 0, leftOut = [] } = typeof entry === "string" ? { recipe: entry } : entry;
    try {
        const { file, measurer } = measurers[index];
        return summaryOf(file, measurer.measure(parseRecipe(recipe), new Set(leftOut)));
    } catch (error) {
        return { error: error.message };
    }
});
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
