// Writes the template of the page, dist/page.html: whole or not at all, since what is there is taken for finished.

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { buildPage } from "./bundle.mjs";

const folder = new URL("dist/", import.meta.url);
const page = await buildPage();
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("page.html.part", folder), page);
renameSync(new URL("page.html.part", folder), new URL("page.html", folder));
