// Opens every notebook of a running `keychai lab` in headless Chromium, runs
// all of its cells, and looks: nothing failed, and what should be seen is.
//
//   node lab.mjs ADDRESS MODULES SCREENSHOTS
//
// ADDRESS is the line that `keychai lab --no-browser` prints, MODULES the
// folder whose node_modules holds playwright-core, SCREENSHOTS a folder for
// one picture of each notebook. Prints `ok NAME` or `not ok NAME` for each and
// exits with 1 if one is not. The notebooks are saved: serve a copy.

import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

import { FLAGS } from "./flags.mjs";

const [address, modules, screenshots] = process.argv.slice(2);
if (!screenshots) {
  console.error("usage: node lab.mjs ADDRESS MODULES SCREENSHOTS");
  process.exit(2);
}
const { chromium } = createRequire(resolve(modules, "package.json"))("playwright-core");

const MINUTE = 60_000;
const VIEW = { width: 1280, height: 900 };
const TALLEST = 12_000;
const lab = new URL(address);
const headers = { Authorization: `token ${lab.searchParams.get("token")}` };

async function api(path, options = {}) {
  const response = await fetch(new URL(path, lab.origin), {
    ...options,
    headers: { ...headers, ...options.headers },
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.status === 204 ? null : response.json();
}

const contents = (path) => api(`/api/contents/${path.split("/").map(encodeURIComponent).join("/")}`);

async function notebooksBelow(folder) {
  const found = [];
  for (const entry of (await contents(folder)).content) {
    if (entry.type === "notebook") found.push(entry.path);
    if (entry.type === "directory") found.push(...(await notebooksBelow(entry.path)));
  }
  return found.sort();
}

// Lab draws only the cells near the view unless told otherwise.
async function drawEveryCell() {
  await api("/lab/api/settings/@jupyterlab/notebook-extension:tracker", {
    method: "PUT",
    body: JSON.stringify({ raw: '{"windowingMode": "none"}' }),
  });
}

async function choose(page, menu, item) {
  await page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${menu}$`) }).click();
  await page.locator(".lm-Menu-itemLabel", { hasText: new RegExp(`^${item}$`) }).click();
}

// Waits for `wanted`, but not behind a dialog that nobody will answer.
async function expectOrDialog(page, wanted, what) {
  const dialog = page.locator(".jp-Dialog");
  await wanted.or(dialog).first().waitFor({ timeout: 3 * MINUTE }).catch(() => {
    throw new Error(`${what} did not come within three minutes`);
  });
  if (await dialog.isVisible()) {
    throw new Error(`${what}: JupyterLab asks: ${(await dialog.innerText()).replaceAll("\n", " ")}`);
  }
}

// A page that is faster than the server's list of kernels asks which to take:
// answers as the reader would.
async function chooseKernel(page) {
  const dialog = page.locator(".jp-Dialog", { hasText: "Select Kernel" });
  if (!(await dialog.isVisible())) return;
  await dialog.locator("select").selectOption({ label: "keychai (Rhai)" });
  await dialog.locator("button.jp-mod-accept").click();
}

// Waits until the server runs our kernel for the notebook, and it has nothing to do.
async function kernelOf(page, path) {
  for (let tries = 0; tries < 600; tries += 1) {
    const session = (await api("/api/sessions")).find((one) => one.path === path);
    if (session?.kernel?.execution_state === "idle") {
      if (session.kernel.name === "keychai") return;
      throw new Error(`the notebook runs in the kernel ${session.kernel.name}`);
    }
    await chooseKernel(page);
    await page.waitForTimeout(100);
  }
  throw new Error("no kernel was idle within a minute");
}

async function runAll(page, path) {
  await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor({ timeout: 3 * MINUTE });
  await kernelOf(page, path);
  const idle = page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]");
  await expectOrDialog(page, idle, "an idle kernel");
  await choose(page, "Edit", "Clear Outputs of All Cells");
  await page.waitForFunction(() => !document.querySelector(".jp-CodeCell .jp-OutputArea-output"));
  await choose(page, "Run", "Run All Cells");
  await page
    .waitForFunction(
      () => {
        const cells = [...document.querySelectorAll(".jp-CodeCell")];
        const prompts = cells.map((cell) => cell.querySelector(".jp-InputPrompt").textContent);
        const failed = cells.some((cell) => cell.querySelector('[data-mime-type*="error"]'));
        const waiting = prompts.some((prompt) => prompt.includes("*"));
        return !waiting && (failed || prompts.some((prompt) => /\d/.test(prompt)));
      },
      null,
      { timeout: 5 * MINUTE, polling: 200 },
    )
    .catch(() => {
      throw new Error("some cells still run after five minutes");
    });
  await expectOrDialog(page, idle, "an idle kernel after the run");
}

// Waits for the server's answer to the save before it reads: the server writes
// in place, so a notebook that is read meanwhile may be half a notebook.
async function saved(page, path) {
  await page.keyboard.press("Escape");
  const stored = page.waitForResponse(
    (response) =>
      response.request().method() === "PUT" &&
      decodeURIComponent(new URL(response.url()).pathname) === `/api/contents/${path}`,
    { timeout: MINUTE },
  );
  await choose(page, "File", "Save Notebook");
  const answer = await stored;
  if (!answer.ok()) throw new Error(`saving the notebook answered ${answer.status()}`);
  return (await contents(path)).content;
}

const text = (lines) => (Array.isArray(lines) ? lines.join("") : (lines ?? ""));
const mayFail = (cell) => cell.metadata.tags?.includes("raises-exception") ?? false;

function complaintsAbout(cells) {
  const complaints = [];
  for (const [index, cell] of cells.entries()) {
    const error = cell.outputs.find((output) => output.output_type === "error");
    if (error && !mayFail(cell)) {
      complaints.push(`code cell ${index + 1} failed: ${error.ename}: ${error.evalue}`);
    } else if (!error && text(cell.source).trim() && cell.execution_count === null) {
      complaints.push(`code cell ${index + 1} did not run`);
    }
  }
  return complaints;
}

// How many outputs hold an `element`, by the file and by the eye. One inside
// closed <details> is not expected to be seen.
const promised = (cells, element) =>
  cells
    .flatMap((cell) => cell.outputs)
    .map((output) => text(output.data?.["text/html"]) + text(output.data?.["image/svg+xml"]))
    .filter((html) => html.includes(`<${element}`)).length;

const seen = (page, element) =>
  page.evaluate((name) => {
    const visible = (node) => {
      const box = node.getBoundingClientRect();
      return box.width > 8 && box.height > 8 && node.checkVisibility({ visibilityProperty: true });
    };
    const outputs = [...document.querySelectorAll(".jp-CodeCell .jp-OutputArea-output")];
    return outputs.filter((output) => {
      const nodes = [...output.querySelectorAll(name)];
      const folded = nodes.length > 0 && nodes.every((node) => node.closest("details:not([open])"));
      return folded || nodes.some(visible);
    }).length;
  }, element);

async function picture(page, path) {
  const height = await page.evaluate(() => {
    const inner = document.querySelector(".jp-WindowedPanel-outer, .jp-Notebook");
    return inner.scrollHeight - inner.clientHeight;
  });
  await page.setViewportSize({
    width: VIEW.width,
    height: Math.min(TALLEST, VIEW.height + Math.max(0, height)),
  });
  const name = path.replaceAll("/", "-").replace(/\.ipynb$/, ".png");
  await page.screenshot({ path: join(screenshots, name) });
}

async function examine(context, path) {
  const page = await context.newPage();
  page.setDefaultTimeout(MINUTE);
  try {
    const place = path.split("/").map(encodeURIComponent).join("/");
    const query = `reset&token=${lab.searchParams.get("token")}`;
    await page.goto(`${lab.origin}/lab/tree/${place}?${query}`, { timeout: 2 * MINUTE });
    await runAll(page, path);
    const notebook = await saved(page, path);
    const cells = notebook.cells.filter((cell) => cell.cell_type === "code");
    const complaints = complaintsAbout(cells);
    const counts = [];
    for (const element of ["table", "svg"]) {
      const [wanted, found] = [promised(cells, element), await seen(page, element)];
      counts.push(`${found} with <${element}>`);
      if (found < wanted) complaints.push(`${wanted} outputs hold a <${element}>, ${found} show one`);
    }
    if (complaints.length > 0) throw new Error(complaints.join("; "));
    return `${cells.length} code cells, ${counts.join(", ")}`;
  } finally {
    await picture(page, path).catch(() => {});
    await page.close();
  }
}

async function stopKernels() {
  for (const session of await api("/api/sessions")) {
    await api(`/api/sessions/${session.id}`, { method: "DELETE" });
  }
}

await mkdir(screenshots, { recursive: true });
await drawEveryCell();
const paths = await notebooksBelow("");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: FLAGS, timeout: 2 * MINUTE });
let failures = 0;
try {
  const context = await browser.newContext({ viewport: VIEW });
  for (const path of paths) {
    try {
      console.log(`ok ${path}: ${await examine(context, path)}`);
    } catch (error) {
      failures += 1;
      console.log(`not ok ${path}: ${error.message}`);
    }
    await stopKernels();
  }
} finally {
  await browser.close();
}
if (paths.length === 0) {
  failures += 1;
  console.log("not ok: the lab serves no notebook");
}
process.exit(failures === 0 ? 0 : 1);
