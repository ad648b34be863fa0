// The timeline: one row a worker, a box a task, or one for several that are too short to be seen.
// It knows nothing of other charts.

/** Room for the axis below the rows, in pixels. */
const AXIS = 26;
/** The least part of a row's height that is filled, so that rare short tasks are seen. */
const LOWEST = 0.2;
const lanesCanvas = document.getElementById("lanes");
const chosen = { lane: 0, box: -1 };

/** Upper edge and height of a row. */
function rowOf(lane, height) {
  const all = (height - AXIS) / Math.max(1, data.lanes);
  const gap = Math.max(all >= 3 ? 1 : 0, Math.round(all * 0.14));
  return [lane * all, all, Math.max(1, all - gap)];
}

/** The boxes of a lane that may be seen: from the one before the range to the first after it. */
function visible(lane) {
  const [first, last] = boxes.lanes[lane];
  const from = partition(first, last, (i) => boxes.start[i] < view.from);
  const to = partition(from, last, (i) => boxes.start[i] <= view.to);
  return [Math.max(first, from - 1), to];
}

function drawLanes(pen) {
  const axis = axisOf(pen.width);
  drawTicks(pen, axis, 0, pen.height - AXIS + 3);
  const busyColumn = pen.width - axis.right > 60;
  // Labels are 12 pixels high: lower rows are named so far apart that they can be read.
  const apart = 15 / rowOf(0, pen.height)[1];
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((n) => n >= apart) ?? Math.ceil(apart);
  for (let lane = 0; lane < data.lanes; lane++) {
    const [top, , height] = rowOf(lane, pen.height);
    pen.rect(axis.left, top, axis.pixels, height, colour("--row"));
    drawLane(pen, axis, lane, top, height);
    if (lane % every === 0 && top + 12 < pen.height - AXIS + 8) {
      const y = top + Math.max(height / 2, 6);
      pen.text(axis.left - 8, y, axis.left > 100 ? `worker ${lane}` : `${lane}`, colour("--quiet"), "right");
      if (busyColumn) pen.text(axis.right + 8, y, `${percent(busyShare(lane))} busy`, colour("--quiet"));
    }
  }
  for (const [lane, at] of data.deaths) {
    if (at < view.from || at > view.to) continue;
    const [top, , height] = rowOf(lane, pen.height);
    const [x, h] = [axis.x(at), Math.max(height, 6)];
    pen.line([[x, top], [x, top + h]], colour("--page"), 5);
    pen.line([[x, top], [x, top + h]], colour("--bad"), 2);
  }
}

const busyShares = new Map();

/** The part of the run in which a worker was busy. */
function busyShare(lane) {
  if (!busyShares.has(lane)) {
    const [first, last] = boxes.lanes[lane];
    let busy = 0;
    for (let p = boxes.parts[first]; p < boxes.parts[last]; p++) busy += boxes.partBusy[p];
    busyShares.set(lane, busy / data.span);
  }
  return busyShares.get(lane);
}

/** Draws the boxes of a lane; those within a pixel of one another become a bar in that pixel. */
function drawLane(pen, axis, lane, top, height) {
  const [first, last] = visible(lane);
  const pixel = { at: -1, busy: new Map(), failed: false };
  const flush = () => {
    if (pixel.at < 0) return;
    bar(pen, axis.left + pixel.at, 1, top, height, [...pixel.busy], axis.perPixel, pixel.failed);
    pixel.busy.clear();
    [pixel.at, pixel.failed] = [-1, false];
  };
  for (let i = first; i < last; i++) {
    const from = Math.max(axis.left, axis.x(boxes.start[i]));
    const to = Math.min(axis.right, axis.x(boxes.end[i]));
    if (to <= axis.left || from >= axis.right) continue;
    if (to - from >= 1.5) {
      flush();
      drawBox(pen, i, from, to, top, height);
      continue;
    }
    const at = Math.floor(from - axis.left);
    if (at !== pixel.at) flush();
    pixel.at = at;
    pixel.failed ||= boxes.failed[i] > 0;
    for (let p = boxes.parts[i]; p < boxes.parts[i + 1]; p++) {
      const group = boxes.partGroup[p];
      pixel.busy.set(group, (pixel.busy.get(group) ?? 0) + boxes.partBusy[p]);
    }
  }
  flush();
}

/** The name of a task where it has room; of a job otherwise its values, as its colour says the rest. */
function labelOf(key, room) {
  const values = data.titles.length > 0 && textWidth(key) > room ? key.indexOf(":") + 1 : 0;
  return fit(key.slice(values), room);
}

function drawBox(pen, i, from, to, top, height) {
  const gap = to - from > 4 ? 0.5 : 0;
  if (boxes.tasks[i] === 1) {
    const group = boxes.partGroup[boxes.parts[i]];
    const fill = groupColour(group);
    if (boxes.failed[i] > 0) {
      // Wider than its time by a frame, so that it is found.
      pen.rect(from - 4, top - 1, to - from + 8, height + 2, colour("--page"));
      pen.rect(from - 3, top, to - from + 6, height, colour("--bad"));
    }
    const inset = boxes.failed[i] > 0 ? Math.min(3, height / 4) : 0;
    pen.rect(from, top + inset, to - from - gap, height - 2 * inset, fill);
    if (height >= 13 && to - from > 36) {
      const label = labelOf(taskOf(i).key, to - from - 10);
      if (label) pen.text(from + 5, top + height / 2 + 0.5, label, inkOn(fill));
    }
    return;
  }
  const parts = [];
  for (let p = boxes.parts[i]; p < boxes.parts[i + 1]; p++) parts.push([boxes.partGroup[p], boxes.partBusy[p]]);
  bar(pen, from, to - from, top, height, parts, boxes.end[i] - boxes.start[i], boxes.failed[i] > 0);
}

/** Several tasks: a part for each group, as high as the share of `time` that it filled. */
function bar(pen, x, width, top, height, parts, time, failed) {
  const busy = parts.reduce((sum, [, b]) => sum + b, 0);
  if (busy <= 0) return;
  const full = height * Math.max(LOWEST, Math.min(1, busy / time));
  let bottom = top + height;
  for (const [group, part] of parts.sort((a, b) => a[0] - b[0])) {
    const part_height = full * (part / busy);
    pen.rect(x, bottom - part_height, width, part_height, groupColour(group));
    bottom -= part_height;
  }
  if (failed) pen.rect(x, top, Math.max(2, width), Math.min(4, height), colour("--bad"));
}

/** What is known of a box, for the reader. */
function describe(box, lane) {
  const took = boxes.end[box] - boxes.start[box];
  const worker = `${lane}`;
  const step = Math.max(1, (view.to - view.from) / 1000);
  if (boxes.tasks[box] === 1) {
    const t = taskOf(box);
    const rows = [["Group", groupName(t.group)], ["Worker", worker], ["Started", moment(t.start, step)], ["Took", duration(t.time)]];
    if (t.cpu !== null) rows.push(["CPU", `${duration(t.cpu)}${t.time > 0 ? ` (${percent(t.cpu / t.time)})` : ""}`]);
    rows.push(["Waited", duration(t.waited)]);
    if (t.inputs > 0) rows.push(["Inputs", bytes(t.inputs)]);
    if (t.result > 0) rows.push(["Result", bytes(t.result)]);
    rows.push(["Attempt", `${t.attempt}`]);
    if (t.failed) rows.push(["Status", "failed"]);
    return { title: t.key, rows };
  }
  const rows = [["Worker", worker], ["From", moment(boxes.start[box], step)], ["Over", duration(took)]];
  for (let p = boxes.parts[box]; p < boxes.parts[box + 1]; p++) {
    rows.push([groupName(boxes.partGroup[p]), `${plural(boxes.partCount[p], "task")}, ${duration(boxes.partBusy[p])}`]);
  }
  const longest = longestOf(box);
  rows.push(["Longest", `${longest.key}, ${duration(longest.time)}`]);
  if (boxes.failed[box] > 0) rows.push(["Failed", count(boxes.failed[box])]);
  return { title: plural(boxes.tasks[box], "task"), rows };
}

/** The box under a place: of several within two pixels, the longest. */
function boxAt(lane, time, perPixel) {
  const [first, last] = visible(lane);
  let best = -1;
  for (let i = partition(first, last, (k) => boxes.start[k] < time - 400 * perPixel); i < last; i++) {
    if (boxes.start[i] > time + 2 * perPixel) break;
    if (boxes.end[i] < time - 2 * perPixel) continue;
    if (boxes.start[i] <= time && time < boxes.end[i] && boxes.end[i] - boxes.start[i] > 3 * perPixel) return i;
    if (best < 0 || boxes.end[i] - boxes.start[i] > boxes.end[best] - boxes.start[best]) best = i;
  }
  if (best >= 0) return best;
  // A box that began long before is the one before the first of those above.
  const before = partition(first, last, (k) => boxes.start[k] <= time) - 1;
  return before >= first && boxes.end[before] >= time ? before : -1;
}

function hoverLanes(x, y, axis) {
  const height = lanesCanvas.clientHeight;
  const lane = Math.floor(y / rowOf(0, height)[1]);
  if (lane < 0 || lane >= data.lanes) return hideHot();
  const dead = data.deaths.find(([l, at]) => l === lane && Math.abs(axis.x(at) - x) < 4);
  if (dead) return { title: `Worker ${lane} died`, rows: [["At", moment(dead[1], axis.perPixel)], ["How", dead[2]]] };
  const box = boxAt(lane, axis.time(x), axis.perPixel);
  if (box < 0) return hideHot();
  showHot(box, lane);
  return describe(box, lane);
}

const lanesChart = addTimeChart(lanesCanvas, drawLanes, hoverLanes);
const hot = lanesCanvas.parentElement.appendChild(Object.assign(document.createElement("div"), { className: "hot", hidden: true }));

function showHot(box, lane) {
  const axis = axisOf(lanesCanvas.clientWidth);
  const [top, , height] = rowOf(lane, lanesCanvas.clientHeight);
  const from = Math.max(axis.left, axis.x(boxes.start[box]));
  const to = Math.min(axis.right, axis.x(boxes.end[box]));
  hot.hidden = to < axis.left || from > axis.right;
  Object.assign(hot.style, { left: `${from - 2}px`, top: `${top - 2}px`, width: `${Math.max(1, to - from) + 4}px`, height: `${height + 4}px` });
}

function hideHot() {
  hot.hidden = true;
  return null;
}

/** Goes to a box of a lane by keyboard: it is framed, shown and said. */
function choose(lane, box) {
  [chosen.lane, chosen.box] = [lane, box];
  const length = view.to - view.from;
  if (boxes.end[box] < view.from || boxes.start[box] > view.to) {
    const middle = (boxes.start[box] + boxes.end[box]) / 2;
    setView(middle - length / 2, middle + length / 2);
  }
  showHot(box, lane);
  const content = describe(box, lane);
  const area = hot.getBoundingClientRect();
  showTip(content, area.right, area.bottom);
  pinned = true;
  say(content);
}

/** The next or previous box of the chosen lane, or its first that is seen. */
function step(by) {
  const [first, last] = boxes.lanes[chosen.lane] ?? [0, 0];
  if (first === last) return;
  const seen = visible(chosen.lane);
  const start = chosen.box >= first && chosen.box < last ? chosen.box + by
    : partition(seen[0], seen[1], (i) => boxes.end[i] < view.from);
  choose(chosen.lane, Math.max(first, Math.min(last - 1, start)));
}

function changeLane(by) {
  const lane = Math.max(0, Math.min(data.lanes - 1, chosen.lane + by));
  const time = chosen.box >= 0 ? boxes.start[chosen.box] : view.from;
  const [first, last] = boxes.lanes[lane] ?? [0, 0];
  chosen.lane = lane;
  if (first === last) return say({ title: `Worker ${lane} ran nothing`, rows: [] });
  choose(lane, Math.min(last - 1, partition(first, last, (i) => boxes.end[i] < time)));
}

const keys = {
  ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2),
  0: actions.whole, Home: actions.whole, ArrowUp: () => changeLane(-1), ArrowDown: () => changeLane(1),
  ",": () => step(-1), ".": () => step(1), Escape: unmark,
};
lanesCanvas.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || !(e.key in keys)) return;
  e.preventDefault();
  hideHot();
  hideTip();
  keys[e.key]();
});
lanesCanvas.addEventListener("blur", unmark);

/** Buttons with the name of a task show it where it ran. */
for (const button of document.querySelectorAll(".show")) {
  button.addEventListener("click", () => {
    const [from, to, lane] = ["from", "to", "lane"].map((n) => Number(button.dataset[n]));
    const around = Math.max((to - from) * 4, data.span / 2000);
    setView((from + to) / 2 - around, (from + to) / 2 + around);
    document.getElementById("timeline").scrollIntoView();
    lanesCanvas.focus({ preventScroll: true });
    const [first, last] = boxes.lanes[lane];
    const box = partition(first, last, (i) => boxes.start[i] <= from) - 1;
    if (box >= first) choose(lane, box);
  });
}
addSave(document.querySelector("#lanes-panel h3"), lanesChart, "timeline");
