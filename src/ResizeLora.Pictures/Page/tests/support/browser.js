// Opens a page in Chromium as somebody would who got it by mail: from a file, without a network.

import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const Places = [
    process.env.RESIZELORA_CHROMIUM,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];
const Flags = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/** Where a browser is on this machine; undefined where there is none. */
export const browserPath = Places.find((place) => place && existsSync(place));

/**
 * Opens a page.
 * @param {string} path of the file
 * @param {{ width?: number, height?: number, isDark?: boolean, hash?: string }} options
 */
export async function openPage(path, { width = 1440, height = 900, isDark = false, hash = "" } = {}) {
    const browser = await chromium.launch({ executablePath: browserPath, args: Flags });
    try {
        return { browser, ...(await load(browser, pathToFileURL(path).href + hash, { width, height, isDark })) };
    } catch (error) {
        await browser.close();
        throw error;
    }
}

async function load(browser, address, { width, height, isDark }) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: isDark ? "dark" : "light" });
    const problems = [];
    const requests = [];
    page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") {
            problems.push(message.text());
        }
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("dialog", (dialog) => {
        problems.push(`dialog: ${dialog.message()}`);
        dialog.dismiss();
    });
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(address);
    await page.waitForFunction(() => window.resizeLora !== undefined, undefined, { timeout: 20000 });
    return { page, problems, requests };
}
