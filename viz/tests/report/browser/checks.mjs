// Looks at reports in a browser and uses them: `node checks.mjs CHROMIUM FOLDER`.
// It says what is wrong, one line a fault, and ends with 1 then.

import { readFileSync } from "node:fs";
import { open } from "./driver.mjs";

const [, , program, folder] = process.argv;
const look = readFileSync(new URL("page.js", import.meta.url), "utf8");
const faults = [];
const check = (good, what) => { if (!good) faults.push(what); };

let browser;
const watchdog = setTimeout(() => {
  console.log(`the browser does not answer any more; so far: ${faults.join("\n")}`);
  browser?.child.kill("SIGKILL");
  process.exit(1);
}, 240_000);
browser = await open(program, folder);
const show = (name, how) => browser.go(`file://${folder}/${name}.html`, how);
const run = (expression) => browser.run(expression);
const area = (selector) => run(`(() => { const e = document.querySelector(${JSON.stringify(selector)});
  e.scrollIntoView({ block: "center" }); const r = e.getBoundingClientRect();
  return { x: r.x, y: r.y, width: r.width, height: r.height }; })()`);
const range = () => run("[view.from, view.to]");
const tipText = () => run("tip.hidden ? '' : tip.innerText");

const tests = { looks, hover, zooms, keyboard, tables, flames, themes, scripts, saves };
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
  } catch (e) {
    faults.push(`${name}: ${e.stack}`);
  }
}
clearTimeout(watchdog);
await browser.close();
console.log(faults.join("\n"));
process.exit(faults.length > 0 ? 1 : 0);

/** Every page, in several widths, light and dark: nothing cut off, nothing on top of another. */
async function looks() {
  const pages = ["flights", "failed", "incomplete", "empty", "bare", "one-worker", "many-workers", "many-groups", "hostile", "million"];
  for (const name of pages) {
    for (const [width, scheme] of [[1280, "light"], [400, "dark"], [2560, "dark"], [400, "light"]]) {
      await show(name, { width, scheme });
      const at = `${name} at ${width}, ${scheme}`;
      for (const fault of [...(await run(look)), ...browser.problems]) faults.push(`${at}: ${fault}`);
      const shift = await run(`new Promise((r) => { new PerformanceObserver((l) => r(l.getEntries().reduce((s, e) => s + e.value, 0)))
        .observe({ type: "layout-shift", buffered: true }); setTimeout(() => r(0), 50); })`);
      check(shift < 0.01, `${at}: the layout shifts by ${shift}`);
      check(!(await run("document.title")).startsWith("stolen"), `${at}: a name ran as a script`);
    }
  }
}

/** The box under the pointer is that of the task which ran there. */
async function hover() {
  await show("flights", { width: 1280 });
  for (const nth of [0, 7, 19]) {
    const task = await run(`(() => { const b = document.querySelectorAll("#longest-table .show")[${nth}];
      return { ...b.dataset, name: b.textContent }; })()`);
    const canvas = await area("#lanes");
    const [x, top] = await run(`[axisOf(lanesCanvas.clientWidth).x((${task.from} + ${task.to}) / 2), rowOf(${task.lane}, lanesCanvas.clientHeight)[0]]`);
    await browser.mouse("mouseMoved", canvas.x + x, canvas.y + top + 6);
    const text = await tipText();
    for (const want of [task.name, "Took", "CPU", "Attempt", "Result"]) check(text.includes(want), `hover over ${task.name} says no ${want}: ${text}`);
  }
  const memory = await area("#memory");
  await browser.mouse("mouseMoved", memory.x + 500, memory.y + 40);
  check((await tipText()).includes("Private"), "hover over memory says nothing");
}

async function zooms() {
  await show("flights", { width: 1280 });
  const canvas = await area("#lanes");
  const y = canvas.y + 10;
  const whole = await range();
  await browser.mouse("mouseWheel", canvas.x + 500, y, { deltaX: 0, deltaY: -200 });
  await browser.settle();
  check(String(await range()) === String(whole), "the wheel zooms before the timeline was chosen");
  const start = await area("#lanes");
  await browser.drag(start.x + 300, start.x + 600, start.y + 10);
  const [from, to] = await range();
  const [a, b] = await run(`(() => { const p = (1 / axisOf(lanesCanvas.clientWidth).pixels) * data.span; return [168 * p, 468 * p]; })()`);
  check(Math.abs(from - a) < data(whole) && Math.abs(to - b) < data(whole), `drag: ${from} to ${to}, not ${a} to ${b}`);
  check((await run("document.getElementById('range').value")).includes(" to "), "the range is not said");
  await browser.mouse("mouseWheel", start.x + 500, start.y + 10, { deltaX: 0, deltaY: -200 });
  await browser.settle();
  const [c, d] = await range();
  check(d - c < (to - from) * 0.6, "the wheel does not zoom");
  for (const [button, test] of [["out", (v) => v[1] - v[0] > d - c], ["whole", (v) => String(v) === String(whole)], ["in", (v) => v[1] - v[0] === whole[1] / 2]]) {
    await run(`document.querySelector('[data-view="${button}"]').click()`);
    check(test(await range()), `the button "${button}" does nothing`);
  }
  await run("document.querySelector('#longest-table .show').click()");
  await browser.settle();
  const name = await run("document.querySelector('#longest-table .show').textContent");
  check((await tipText()).includes(name), "the name of a task does not show it");
}

/** Half a pixel of the time axis, more or less. */
function data([from, to]) {
  return (to - from) / 300;
}

async function keyboard() {
  await show("flights", { width: 1280 });
  await run("lanesCanvas.focus()");
  const [, whole] = await range();
  await browser.key("+");
  const zoomed = await range();
  check(zoomed[1] - zoomed[0] === whole / 2, "plus does not zoom");
  await browser.key("ArrowRight");
  check((await range())[0] > zoomed[0], "right does not move");
  await browser.key("0");
  check((await range())[1] === whole, "0 does not show the whole");
  await browser.key(".");
  const first = await tipText();
  await browser.key(".");
  const second = await tipText();
  check(first.includes("Took") && second.includes("Took") && first !== second, "the point does not go from task to task");
  check((await run("spoken.textContent")).includes("Took"), "nothing is said to screen readers");
  await browser.key("ArrowDown");
  check((await tipText()).includes("Worker\n1") || (await run("chosen.lane")) === 1, "down does not choose the next worker");
  await browser.key("Escape");
  check((await tipText()) === "", "Escape does not hide the tip");
  const outline = await run("getComputedStyle(lanesCanvas).outlineStyle");
  check(outline !== "none", "the focus is not seen");
}

async function tables() {
  await show("flights", { width: 1280 });
  const column = (n) => run(`[...document.querySelectorAll("#groups-table tbody tr:not([hidden])")].map((r) => valueOf(r, ${n}))`);
  const heading = (n) => run(`document.querySelectorAll("#groups-table th button")[${n}].focus()`);
  await heading(1);
  await browser.key("Enter");
  const down = await column(1);
  check(down.every((v, i) => i === 0 || down[i - 1] >= v), `not sorted: ${down}`);
  check((await run(`document.querySelectorAll("#groups-table th")[1].getAttribute("aria-sort")`)) === "descending", "aria-sort");
  await browser.key("Enter");
  const up = await column(1);
  check(up.every((v, i) => i === 0 || up[i - 1] <= v), `not sorted the other way: ${up}`);
  await heading(0);
  await browser.key("Enter");
  const names = await column(0);
  check(names.length > 3 && String(names) === String([...names].sort(new Intl.Collator("en", { numeric: true }).compare)), `names: ${names}`);
  await run("document.querySelector('#groups-table input').focus()");
  await browser.send("Input.insertText", { text: "SPLIT" });
  check(String(await column(0)) === "split-by-origin", `filter: ${await column(0)}`);
}

async function flames() {
  await show("flights", { width: 1280 });
  await run("document.getElementById('flame-search').focus()");
  await browser.send("Input.insertText", { text: "memcpy" });
  await area("#flame-canvas");
  await browser.settle();
  check(/frames?, .* % of all/.test(await run("document.getElementById('flame-found').value")), "the search says nothing");
  const pixel = await run(`(() => { const i = flame.tree.depth.findIndex((d, k) => isFound(k));
    const [x, w, y] = placeOf(i, flameCanvas.clientWidth);
    return [...flameCanvas.getContext("2d").getImageData(x + w / 2, y + 2, 1, 1).data]; })()`);
  check(pixel[0] > 200 && pixel[1] < 60, `what is found has no colour of its own: ${pixel}`);
  const canvas = await area("#flame-canvas");
  const foot = canvas.y + (await run("flameCanvas.clientHeight"));
  await browser.click(canvas.x + 100, foot - 30);
  check((await run("nameOf(flame.focus)")) === (await run("groupNameOf(flame.focus)")), "a click does not zoom");
  check((await run("flame.focus")) > 0, "a click does not zoom");
  await browser.key("Escape");
  check((await run("flame.focus")) === 0, "Escape does not show the whole");
  for (const key of ["ArrowUp", "ArrowRight", "Enter"]) await browser.key(key);
  check((await run("flame.focus")) > 1, "keys do not zoom");
  await run("[...document.querySelectorAll('[data-flame]')].at(-1).click()");
  check((await run("flame.tree.unit")) === "bytes", "memory is not shown");
  await browser.mouse("mouseMoved", canvas.x + 100, foot - 5);
  check((await tipText()).includes("iB"), "memory is not said in bytes");
}

async function themes() {
  const page = "getComputedStyle(document.body).backgroundColor";
  const picture = "getComputedStyle(document.getElementById('layers-picture').shadowRoot.querySelector('.page')).fill";
  for (const scheme of ["light", "dark"]) {
    await show("flights", { width: 1280, scheme });
    const before = [await run(page), await run(picture)];
    check(before[0] === (scheme === "dark" ? "rgb(21, 24, 30)" : "rgb(255, 255, 255)"), `${scheme}: ${before[0]}`);
    await run("themeButton.click()");
    await browser.settle();
    const after = [await run(page), await run(picture)];
    check(before.every((c, i) => c !== after[i]), `the switch from ${scheme} changes nothing: ${before} ${after}`);
    for (const fault of await run(look)) faults.push(`switched from ${scheme}: ${fault}`);
  }
}

/** Without scripts there are findings and tables, and no empty charts. */
async function scripts() {
  await show("flights", { width: 1280, scripts: false });
  const seen = (selector) => run(`document.querySelector(${JSON.stringify(selector)}).getClientRects().length > 0`);
  for (const selector of ["#diagnosis", "#groups-table tbody tr", "#longest-table", "#chain .bar", "#warnings"]) check(await seen(selector), `${selector} is not there without scripts`);
  for (const selector of ["#lanes", "#flame-canvas", "#theme", "label"]) check(!(await seen(selector)), `${selector} is there without scripts`);
}

async function saves() {
  await show("hostile", { width: 1280 });
  const faulty = await run(`charts.filter((chart) => {
    const pen = new SvgPen(chart.canvas.clientWidth, chart.canvas.clientHeight);
    chart.draw(pen);
    return new DOMParser().parseFromString(pen.file(), "image/svg+xml").querySelector("parsererror") !== null;
  }).length`);
  check(faulty === 0, `${faulty} charts are saved as SVG that cannot be read`);
}
