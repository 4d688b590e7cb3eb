// Measures how fast a page is in Chromium: when it is first painted, and from the step of a slider to the next picture.
//   node tests/speed.mjs PAGE.html
// The answer is {"firstPaint": ms, "steps": {"thr": {"median": ms, "best": ms, "worst": ms}, …}}. The page waits for the screen, whose
// pictures are 17 ms apart; "work" is the part of a step in which the page computes and draws.

import { openPage } from "./support/browser.js";

const [, , path] = process.argv;
const { page, browser } = await openPage(path);
await page.waitForTimeout(6000);
const firstPaint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
const steps = {};
for (const [name, recipe, slider] of [
    ["thr", "spn_lora=1,thr=-1", "thr"],
    ["weight", "spn_lora=1,fro_lora=0.5,thr=-1", "weight-fro_lora"],
    ["size", "spn_lora=1,size=100", "size"],
    ["retain", "spn_lora=1,retain=0.9", "retain"],
    ["rank", "rank=20", "rank"],
    ["rescale", "spn_lora=1,thr=-1,rescale=1.1", "rescale"],
]) {
    await page.evaluate((text) => window.resizeLora.setRecipe(text), recipe);
    await page.waitForTimeout(300);
    steps[name] = await page.evaluate(walk, slider);
}

await browser.close();
process.stdout.write(`${JSON.stringify({ firstPaint, steps }, null, 2)}\n`);

async function walk(id) {
    const slider = document.getElementById(`${id}-slider`);
    const whole = [];
    const work = [];
    const count = 40;
    for (let step = 0; step < count; step++) {
        const start = performance.now();
        const [low, high] = [Number(slider.min), Number(slider.max)];
        slider.value = String(Math.round(low + (high - low) * (0.3 + (0.5 * step) / count)));
        slider.dispatchEvent(new Event("input", { bubbles: true }));

        // The page's own callback comes first: it was asked for first.
        let began = 0;
        await new Promise((done) =>
            requestAnimationFrame((time) => {
                began = Math.max(time, start);
                setTimeout(done, 0);
            }),
        );
        whole.push(performance.now() - start);
        work.push(performance.now() - began);
    }

    const sorted = (values) => values.sort((left, right) => left - right).map((value) => Math.round(value * 10) / 10);
    const [all, own] = [sorted(whole), sorted(work)];
    return { median: all[count / 2], best: all[0], worst: all[count - 1], work: own[count / 2] };
}
