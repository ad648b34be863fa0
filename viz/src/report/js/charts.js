// Charts over time besides the timeline: tasks at once, memory, each group.
// They are computed from its boxes, for the range that is seen.

/** Groups that are told apart in the chart of all tasks. */
const MOST_SHARES = 8;
const spreads = new Map();

/**
 * Tasks at once for each pixel and group, as means over the pixel: a map from group to numbers.
 */
function spread(width) {
  const known = spreads.get(width);
  if (known) return known;
  const axis = axisOf(width);
  const pixels = Math.ceil(axis.pixels);
  const all = [];
  for (let lane = 0; lane < boxes.lanes.length; lane++) {
    const [first, last] = visible(lane);
    for (let i = first; i < last; i++) {
      const from = (boxes.start[i] - view.from) / axis.perPixel;
      const to = Math.max((boxes.end[i] - view.from) / axis.perPixel, from + 1e-9);
      for (let p = boxes.parts[i]; p < boxes.parts[i + 1]; p++) {
        const group = boxes.partGroup[p];
        const bins = (all[group] ??= new Float64Array(pixels + 1));
        addTo(bins, from, to, boxes.partBusy[p] / axis.perPixel / (to - from), pixels);
      }
    }
  }
  const groups = new Map(all.map((bins, group) => [group, bins]).filter(([, bins]) => bins));
  spreads.set(width, groups);
  return groups;
}

/** Adds `height` to the bins between two places, to the first and last as far as they are covered. */
function addTo(bins, from, to, height, pixels) {
  const [start, end] = [Math.max(0, from), Math.min(pixels, to)];
  for (let i = Math.floor(start); i < end; i++) {
    bins[i] += height * (Math.min(end, i + 1) - Math.max(start, i));
  }
}

/** Groups by their time in the whole run, the heaviest first. */
const heaviest = (() => {
  const time = new Map();
  boxes.partGroup.forEach((g, p) => time.set(g, (time.get(g) ?? 0) + boxes.partBusy[p]));
  return [...time].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([g]) => g);
})();

/** Outline of a stacked area in steps: along `upper`, and back along `lower`. */
function steps(left, lower, upper) {
  const points = [];
  upper.forEach((y, i) => points.push([left + i, y], [left + i + 1, y]));
  for (let i = lower.length - 1; i >= 0; i--) points.push([left + i + 1, lower[i]], [left + i, lower[i]]);
  return points;
}

function drawRunning(pen) {
  const axis = axisOf(pen.width);
  const groups = spread(pen.width);
  const floor = pen.height - AXIS;
  const apart = heaviest.length > MOST_SHARES ? heaviest.slice(0, MOST_SHARES - 1) : heaviest;
  const most = Math.max(1, data.lanes);
  const pixels = Math.floor(axis.pixels);
  const height = (n) => floor - (n / most) * (floor - 14);
  drawTicks(pen, axis, 6, floor + 3);
  let lower = new Float64Array(pixels).fill(0);
  const others = new Float64Array(pixels);
  for (const [group, bins] of groups) {
    if (!apart.includes(group)) for (let i = 0; i < pixels; i++) others[i] += bins[i];
  }
  const layers = apart.filter((g) => groups.has(g)).map((g) => [groupColour(g), groups.get(g)]);
  for (const [fill, bins] of [...layers, [colour("--other"), others]]) {
    const upper = lower.map((n, i) => n + bins[i]);
    if (upper.some((n, i) => n > lower[i])) {
      pen.area(steps(axis.left, Array.from(lower, height), Array.from(upper, height)), fill);
    }
    lower = upper;
  }
  pen.line([[axis.left, height(most)], [axis.right, height(most)]], colour("--quiet"), 1, [4, 4]);
  drawLevel(pen, axis, height(most), axis.left > 100 ? plural(most, "worker") : `${most}`);
  drawLevel(pen, axis, floor - 1, "0");
}

function hoverRunning(x, y, axis) {
  const groups = spread(document.getElementById("running").clientWidth);
  const at = Math.floor(x - axis.left);
  const rows = [...groups].map(([g, bins]) => [g, bins[at]]).filter(([, n]) => n > 0.005).sort((a, b) => b[1] - a[1]);
  const sum = rows.reduce((s, [, n]) => s + n, 0);
  const shown = rows.slice(0, 8).map(([g, n]) => [groupName(g), n.toFixed(2)]);
  if (rows.length > 8) shown.push(["and others", rows.slice(8).reduce((s, [, n]) => s + n, 0).toFixed(2)]);
  return { title: `${sum.toFixed(2)} tasks at once at ${moment(axis.time(x), axis.perPixel)}`, rows: shown };
}

/** Swatches with names; a colour, or a class for one that depends on the theme. */
function fillLegend(id, entries) {
  for (const [fill, name] of entries) {
    const [item, swatch] = [document.createElement("li"), document.createElement("i")];
    swatch.className = "swatch";
    if (fill.startsWith("#")) swatch.style.background = fill; else if (fill) swatch.classList.add(fill);
    item.append(swatch, fit(name, 230));
    item.title = name;
    document.getElementById(id).append(item);
  }
}

function drawMemory(pen) {
  const axis = axisOf(pen.width);
  const floor = pen.height - AXIS;
  const peak = Math.max(1, ...memory.map((m) => m.own + m.results));
  const top = data.budget > 0 && data.budget < 2 * peak ? Math.max(peak, data.budget) : peak;
  const height = (n) => floor - (n / top) * (floor - 14);
  drawTicks(pen, axis, 6, floor + 3);
  const first = Math.max(0, partition(0, memory.length, (i) => memory[i].at < view.from) - 1);
  const last = Math.min(memory.length, partition(0, memory.length, (i) => memory[i].at <= view.to) + 1);
  const inside = (x) => Math.max(axis.left, Math.min(axis.right, x));
  const outline = (some, value) => some.map((m) => [axis.x(m.at), height(value(m))]);
  const closed = (points) => {
    const cut = clip(points, axis.left, axis.right);
    return cut.length < 2 ? [] : [[inside(cut[0][0]), floor], ...cut, [inside(cut[cut.length - 1][0]), floor]];
  };
  for (let from = first, to; from < last; from = to) {
    for (to = from + 1; to < last && !memory[to].begins;) to++;
    const some = memory.slice(from, to);
    pen.area(closed(outline(some, (m) => m.own + m.results)), colour("--memory-b"));
    pen.area(closed(outline(some, (m) => m.own)), colour("--memory-a"));
    const [x, upper] = [axis.x(some[0].at), height(some[0].own + some[0].results)];
    if (some.length === 1 && x >= axis.left && x <= axis.right) pen.rect(x - 1, upper, 2, floor - upper, colour("--memory-a"));
  }
  if (top === data.budget) pen.line([[axis.left, height(top)], [axis.right, height(top)]], colour("--bad"), 1, [4, 4]);
  drawLevel(pen, axis, height(top), bytes(top));
  drawLevel(pen, axis, floor - 1, "0");
}

/** The part of a line between two places, cut where it crosses them. */
function clip(points, left, right) {
  const out = [];
  points.forEach(([x, y], i) => {
    if (i > 0) {
      const [px, py] = points[i - 1];
      for (const edge of [left, right]) {
        if ((px < edge && x > edge) || (px > edge && x < edge)) out.push([edge, py + ((edge - px) / (x - px)) * (y - py)]);
      }
    }
    if (x >= left && x <= right) out.push([x, y]);
  });
  return out;
}

function hoverMemory(x, y, axis) {
  const time = axis.time(x);
  const next = partition(0, memory.length, (i) => memory[i].at < time);
  const near = [next - 1, next].filter((i) => i >= 0 && i < memory.length);
  const m = memory[near.reduce((a, b) => (Math.abs(memory[b].at - time) < Math.abs(memory[a].at - time) ? b : a))];
  const rows = [["Private", bytes(m.own)], ["Results", bytes(m.results)]];
  return { title: `${bytes(m.own + m.results)} at ${moment(m.at, Math.max(1e3, axis.perPixel))}`, rows };
}

function drawGroup(pen, group) {
  const axis = axisOf(pen.width);
  const bins = spread(pen.width).get(group);
  const [top, floor] = [5, pen.height - 4];
  const pixels = Math.floor(axis.pixels);
  pen.rect(axis.left, top, axis.pixels, floor - top, colour("--row"));
  if (!bins) return;
  const most = bins.reduce((a, b) => Math.max(a, b), 1e-9);
  const upper = Array.from({ length: pixels }, (_, i) => (bins[i] > 0 ? Math.min(floor - 1.5, floor - (bins[i] / most) * (floor - top)) : floor));
  pen.area(steps(axis.left, new Array(pixels).fill(floor), upper), groupColour(group));
}

function hoverGroup(canvas, group, x, axis) {
  const bins = spread(canvas.clientWidth).get(group);
  const now = bins ? bins[Math.floor(x - axis.left)] : 0;
  const most = bins ? bins.reduce((a, b) => Math.max(a, b), 0) : 0;
  return { title: groupName(group), rows: [["At", moment(axis.time(x), axis.perPixel)], ["Tasks at once", now.toFixed(2)], ["At most", most.toFixed(2)]] };
}

const running = addTimeChart(document.getElementById("running"), drawRunning, hoverRunning);
addSave(running.canvas.closest(".panel").querySelector("h3"), running, "tasks-at-once");
const named = heaviest.slice(0, heaviest.length > MOST_SHARES ? MOST_SHARES - 1 : MOST_SHARES);
fillLegend("running-legend", [
  ...named.map((g) => [g === 0 ? "" : groupColour(g), groupName(g)]),
  ...(heaviest.length > named.length ? [["", `${plural(heaviest.length - named.length, "other group")}`]] : []),
]);
if (memory.length > 0) {
  const chart = addTimeChart(document.getElementById("memory"), drawMemory, hoverMemory);
  addSave(chart.canvas.closest(".panel").querySelector("h3"), chart, "memory");
  fillLegend("memory-legend", [["memory-a", "private to the processes"], ["memory-b", "results in shared memory"]]);
} else {
  document.querySelector("#memory-panel .chart").hidden = true;
}
for (const canvas of document.querySelectorAll("canvas[data-group]")) {
  const group = Number(canvas.dataset.group) + 1;
  addTimeChart(canvas, (pen) => drawGroup(pen, group), (x, y, axis) => hoverGroup(canvas, group, x, axis));
}
document.getElementById("all-groups")?.addEventListener("click", (e) => {
  document.querySelectorAll(".group-row[hidden]").forEach((row) => { row.hidden = false; });
  e.target.remove();
});
