// Whether Chromium starts here and draws text: node draws.mjs MODULES SCREENSHOTS.
// Tells a broken browser from a broken lab.

import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

import { FLAGS } from "./flags.mjs";

const [modules, screenshots] = process.argv.slice(2);
const { chromium } = createRequire(resolve(modules, "package.json"))("playwright-core");

await mkdir(screenshots, { recursive: true });
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: FLAGS, timeout: 120_000 });
try {
  const page = await browser.newPage();
  await page.setContent("<table><tr><td>keychai</td></tr></table>");
  const box = await page.locator("td").boundingBox();
  await page.screenshot({ path: join(screenshots, "chromium.png") });
  const drawn = box !== null && box.width > 20 && box.height > 8;
  console.log(`${drawn ? "ok" : "not ok"} Chromium ${browser.version()} draws a table`);
  process.exitCode = drawn ? 0 : 1;
} finally {
  await browser.close();
}
