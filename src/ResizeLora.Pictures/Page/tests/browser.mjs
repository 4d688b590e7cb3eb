// Drives a page in Chromium, and prints what it answers:
//   node tests/browser.mjs PAGE.html STEPS.json
// STEPS.json is an array of steps, carried out in order:
//   {"open": {"width": 390, "height": 844, "isDark": true, "hash": "#recipe=…"}}
//                                        opens the page anew; it is open at 1440 × 900 from the start
//   {"slide": "thr", "to": 0.5}          moves a slider (by the id of its number) to a place between its ends, 0 to 1
//   {"type": "recipe", "text": "…"}      types into a field and presses Enter
//   {"choose": "method", "value": "…"}   chooses of a list
//   {"click": "#cut-retain"}             clicks (CSS selector)
//   {"press": "ArrowDown"}               presses a key
//   {"read": "#figure-size"}             the text of an element
//   {"state": true}                      what the page says of itself: recipe, file, leftOut, command, error, outcome
//   {"evaluate": "document.title"}       what an expression is
//   {"screenshot": "picture.png"}        of the window; with "full": true of the whole page
// The answer is {"results": [one for each read, state and evaluate], "problems": [errors of the console], "requests": [addresses]}.

import { readFileSync } from "node:fs";
import { openPage } from "./support/browser.js";

const [, , path, stepsPath] = process.argv;
const steps = JSON.parse(readFileSync(stepsPath, "utf8"));
const results = [];
const problems = [];
const requests = [];
let session = await openPage(path);

async function close() {
    problems.push(...session.problems);
    requests.push(...session.requests);
    await session.browser.close();
}

const settle = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30))));

async function carryOut(step, page) {
    if (step.slide !== undefined) {
        await page.locator(`#${step.slide}-slider`).evaluate((slider, to) => {
            slider.value = String(Number(slider.min) + to * (slider.max - slider.min));
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        }, step.to);
    } else if (step.type !== undefined) {
        await page.locator(`#${step.type}`).fill(step.text);
        await page.keyboard.press("Enter");
    } else if (step.choose !== undefined) {
        await page.locator(`#${step.choose}`).selectOption(step.value);
    } else if (step.click !== undefined) {
        await page.locator(step.click).first().click();
    } else if (step.press !== undefined) {
        await page.keyboard.press(step.press);
    } else if (step.read !== undefined) {
        results.push(await page.locator(step.read).first().textContent());
    } else if (step.state !== undefined) {
        results.push(await page.evaluate(() => window.resizeLora.state()));
    } else if (step.evaluate !== undefined) {
        results.push(await page.evaluate(step.evaluate));
    } else if (step.screenshot !== undefined) {
        await page.waitForTimeout(step.wait ?? 600);
        await page.screenshot({ path: step.screenshot, fullPage: step.full === true });
    }
}

for (const step of steps) {
    if (step.open !== undefined) {
        await close();
        session = await openPage(path, step.open);
    } else {
        await carryOut(step, session.page);
        await settle(session.page);
    }
}

await close();
process.stdout.write(`${JSON.stringify({ results, problems, requests })}\n`);
