// The flame graph: the whole at the foot, what it was spent on above, as wide as its share.
// It knows nothing of time ranges: it shows the whole run.

const FRAME = 20;
const FOUND = "#d81b60";
const flameCanvas = document.getElementById("flame-canvas");
const flame = { tree: null, focus: 0, chosen: 0, words: "" };

/** Frames in the order of a walk: depth, name, group, weight; and where each begins and ends. */
function readFlame(from) {
  const numbers = new Numbers(from.frames);
  const tree = { unit: from.unit, names: from.names, depth: [], name: [], group: [], weight: [], start: [], parent: [] };
  const [path, used] = [[], []];
  while (numbers.more) {
    const i = tree.depth.length;
    const depth = numbers.next();
    tree.depth.push(depth);
    tree.name.push(numbers.next());
    const group = numbers.next();
    tree.weight.push(numbers.next());
    tree.parent.push(depth > 0 ? path[depth - 1] : -1);
    tree.group.push(depth > 1 ? tree.group[path[depth - 1]] : group);
    tree.start.push(depth > 0 ? tree.start[path[depth - 1]] + used[depth - 1] : 0);
    if (depth > 0) used[depth - 1] += tree.weight[i];
    path[depth] = i;
    used[depth] = 0;
  }
  return tree;
}

const nameOf = (i) => flame.tree.names[flame.tree.name[i]];
const amount = (n) => (flame.tree.unit === "bytes" ? bytes(n) : duration(n));

/** Where a frame is drawn: those that the focus stands on are as wide as it. */
function placeOf(i, width) {
  const t = flame.tree;
  const [from, all] = [t.start[flame.focus], Math.max(1, t.weight[flame.focus])];
  const left = Math.max(0, ((t.start[i] - from) / all) * width);
  const right = Math.min(width, ((t.start[i] + t.weight[i] - from) / all) * width);
  return [left, right - left, flameCanvas.clientHeight - (t.depth[i] + 1) * FRAME];
}

function fillOf(i) {
  const t = flame.tree;
  if (t.depth[i] === 0) return colour("--grid");
  if (t.depth[i] === 1) return groupColour(t.group[i]);
  // The same function has the same shade wherever it stands.
  const shade = 0.34 + ((t.name[i] * 7) % 5) * 0.055;
  return mix(groupColour(t.group[i]), colour("--page"), shade);
}

function isFound(i) {
  return flame.words !== "" && nameOf(i).toLowerCase().includes(flame.words);
}

function drawFlame(pen) {
  const t = flame.tree;
  for (let i = 0; i < t.depth.length; i++) {
    const [x, width, y] = placeOf(i, pen.width);
    if (width < 0.4) continue;
    let fill = fillOf(i);
    if (isFound(i)) fill = FOUND;
    else if (flame.words !== "" || t.depth[i] < t.depth[flame.focus]) fill = mix(fill, colour("--page"), 0.45);
    pen.rect(x, y, Math.max(0.5, width - (width > 3 ? 1 : 0)), FRAME - 1, fill);
    if (width > 30) {
      const label = fitEnd(nameOf(i), width - 10);
      if (label) pen.text(x + 5, y + FRAME / 2, label, inkOn(fill));
    }
  }
  if (document.activeElement === flameCanvas) {
    const [x, width, y] = placeOf(flame.chosen, pen.width);
    pen.frame(x, y, Math.max(4, width), FRAME - 1, colour("--ink"));
  }
}

function describeFrame(i) {
  const t = flame.tree;
  const own = t.weight.reduce((left, w, k) => (t.parent[k] === i ? left - w : left), t.weight[i]);
  const rows = [[t.unit === "bytes" ? "Bytes" : "Time", `${amount(t.weight[i])}, ${percent(t.weight[i] / Math.max(1, t.weight[0]))} of all`]];
  if (own !== t.weight[i] && own > 0) rows.push(["Of its own", amount(own)]);
  if (t.depth[i] > 1) rows.push(["Group", groupNameOf(i)]);
  return { title: nameOf(i), rows };
}

function groupNameOf(i) {
  const t = flame.tree;
  while (t.depth[i] > 1) i = t.parent[i];
  return nameOf(i);
}

function frameAt(x, y) {
  const t = flame.tree;
  const depth = Math.floor((flameCanvas.clientHeight - y) / FRAME);
  for (let i = 0; i < t.depth.length; i++) {
    if (t.depth[i] !== depth) continue;
    const [left, width] = placeOf(i, flameCanvas.clientWidth);
    if (width > 0.2 && left <= x && x < left + width) return i;
  }
  return -1;
}

/** Says how much of the whole was found, each part once. */
function search(words) {
  flame.words = words.trim().toLowerCase();
  const t = flame.tree;
  let [sum, frames, inside] = [0, 0, -1];
  for (let i = 0; i < t.depth.length; i++) {
    if (inside >= 0 && t.depth[i] > t.depth[inside]) {
      frames += isFound(i) ? 1 : 0;
      continue;
    }
    inside = -1;
    if (!isFound(i)) continue;
    [sum, frames, inside] = [sum + t.weight[i], frames + 1, i];
  }
  document.getElementById("flame-found").value = flame.words === "" ? ""
    : frames === 0 ? "nothing found" : `${plural(frames, "frame")}, ${percent(sum / Math.max(1, t.weight[0]))} of all`;
  redraw();
}

function focusFrame(i) {
  flame.focus = i;
  flame.chosen = i;
  redraw();
}

function showFlame(number) {
  flame.tree = readFlame(data.flames[number]);
  [flame.focus, flame.chosen] = [0, 0];
  for (const button of document.querySelectorAll("[data-flame]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.flame) === number));
  }
  search(document.getElementById("flame-search").value);
}

/** The nearest sibling to one side, or else the frame itself. */
function sibling(by) {
  const t = flame.tree;
  const all = [];
  t.parent.forEach((p, i) => { if (p === t.parent[flame.chosen]) all.push(i); });
  return all[all.indexOf(flame.chosen) + by] ?? flame.chosen;
}

const flameKeys = {
  ArrowDown: () => Math.max(0, flame.tree.parent[flame.chosen]),
  ArrowUp: () => { const child = flame.tree.parent.indexOf(flame.chosen); return child < 0 ? flame.chosen : child; },
  ArrowLeft: () => sibling(-1),
  ArrowRight: () => sibling(1),
};

function onFlameKey(e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === "Enter") focusFrame(flame.chosen);
  else if (e.key === "Escape") focusFrame(0);
  else if (e.key in flameKeys) flame.chosen = flameKeys[e.key]();
  else return;
  e.preventDefault();
  const [x, , y] = placeOf(flame.chosen, flameCanvas.clientWidth);
  const area = flameCanvas.getBoundingClientRect();
  const content = describeFrame(flame.chosen);
  showTip(content, area.left + x, area.top + y + FRAME);
  say(content);
  redraw();
}

const flameChart = addChart(flameCanvas, drawFlame);
addSave(document.getElementById("flame-whole").parentElement, flameChart, "flame-graph");
showFlame(0);
flameCanvas.addEventListener("pointermove", (e) => {
  const i = frameAt(e.offsetX, e.offsetY);
  if (i < 0) hideTip(); else showTip(describeFrame(i), e.clientX, e.clientY);
});
flameCanvas.addEventListener("pointerleave", hideTip);
flameCanvas.addEventListener("click", (e) => {
  const i = frameAt(e.offsetX, e.offsetY);
  if (i >= 0) focusFrame(i);
});
flameCanvas.addEventListener("keydown", onFlameKey);
flameCanvas.addEventListener("focus", redraw);
flameCanvas.addEventListener("blur", () => { hideTip(); redraw(); });
document.getElementById("flame-search").addEventListener("input", (e) => search(e.target.value));
document.getElementById("flame-whole").addEventListener("click", () => focusFrame(0));
for (const button of document.querySelectorAll("[data-flame]")) {
  button.addEventListener("click", () => showFlame(Number(button.dataset.flame)));
}
