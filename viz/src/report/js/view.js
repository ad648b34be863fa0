// The range of time that all charts show, and how it is changed: wheel, drag, buttons, keys.
// It does not know what the charts draw.

const view = { from: 0, to: data.span };
/** Less than this is not zoomed into: times are whole nanoseconds. */
const SHORTEST = Math.min(data.span, Math.max(200, data.span / 2e6));
const charts = [];
let frame = 0;

/** Shows this range, moved and cut so that it lies in the run. */
function setView(from, to) {
  const length = Math.min(data.span, Math.max(SHORTEST, to - from));
  const middle = (from + to) / 2;
  view.from = Math.max(0, Math.min(data.span - length, middle - length / 2));
  view.to = view.from + length;
  const whole = length >= data.span;
  const step = length / 1000;
  document.getElementById("range").value = whole ? `whole run, ${duration(data.span)}`
    : `${moment(view.from, step)} to ${moment(view.to, step)}: ${duration(length)} of ${duration(data.span)}`;
  redraw();
}

/** Zooms by a factor, so that the time `at` stays where it is. */
function zoom(factor, at = (view.from + view.to) / 2) {
  setView(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

function pan(share) {
  const by = (view.to - view.from) * share;
  setView(view.from + by, view.to + by);
}

const actions = {
  whole: () => setView(0, data.span), in: () => zoom(0.5), out: () => zoom(2),
  left: () => pan(-0.25), right: () => pan(0.25),
};

/** Draws what is seen, at the next frame. */
function redraw() {
  if (frame !== 0) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    spreads.clear();
    for (const chart of charts) if (chart.seen) drawChart(chart);
  });
}

function drawAll() {
  spreads.clear();
  charts.forEach(drawChart);
}

function drawChart(chart) {
  if (chart.canvas.clientWidth > 0) chart.draw(new CanvasPen(chart.canvas));
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const chart = charts.find((c) => c.canvas === entry.target);
    chart.seen = entry.isIntersecting;
    if (chart.seen) drawChart(chart);
  }
}, { rootMargin: "1200px" });
const resized = new ResizeObserver(redraw);

/** A chart that is drawn anew when its size or the colours change. */
function addChart(canvas, draw) {
  const chart = { canvas, draw, seen: false };
  charts.push(chart);
  watcher.observe(canvas);
  resized.observe(canvas);
  return chart;
}

/** Where the time axis of a canvas lies: all have the same margins, so that they stand in line. */
function axisOf(width) {
  const style = getComputedStyle(document.documentElement);
  const left = parseFloat(style.getPropertyValue("--gutter"));
  const pixels = Math.max(1, width - left - parseFloat(style.getPropertyValue("--margin")));
  const perPixel = (view.to - view.from) / pixels;
  return {
    left, pixels, right: left + pixels, perPixel,
    x: (time) => left + (time - view.from) / perPixel,
    time: (x) => view.from + (x - left) * perPixel,
  };
}

/** Draws ticks at round times, with their labels at `bottom`. */
function drawTicks(pen, axis, top, bottom) {
  const step = roundStep(axis.perPixel * 96);
  for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
    const x = Math.round(axis.x(t)) + 0.5;
    pen.line([[x, top], [x, bottom]], colour("--grid"));
    const label = moment(t, step);
    const half = textWidth(label) / 2;
    // The last label must not be cut off.
    pen.text(Math.min(x, pen.width - half - 1), bottom + 12, label, colour("--quiet"), "center");
  }
}

/** A label of the vertical axis: left of it, or above the line where there is no room. */
function drawLevel(pen, axis, y, text) {
  const beside = textWidth(text) <= axis.left - 8;
  if (beside) pen.text(axis.left - 8, y, text, colour("--quiet"), "right");
  else pen.text(axis.left + 4, y - 7, text, colour("--quiet"));
}

/** A chart over time: it zooms and moves with all others. `hover` says what is at a place of it. */
function addTimeChart(canvas, draw, hover) {
  const chart = addChart(canvas, draw);
  const holder = canvas.parentElement;
  chart.mark = holder.appendChild(Object.assign(document.createElement("div"), { className: "mark", hidden: true }));
  chart.choose = holder.appendChild(Object.assign(document.createElement("div"), { className: "choose", hidden: true }));
  chart.hover = hover;
  chart.over = true;
  canvas.addEventListener("wheel", (e) => onWheel(chart, e), { passive: false });
  canvas.addEventListener("pointerdown", (e) => onDown(chart, e));
  canvas.addEventListener("pointermove", (e) => onMove(chart, e));
  canvas.addEventListener("pointerup", (e) => onUp(chart, e));
  canvas.addEventListener("pointercancel", () => endDrag(chart));
  canvas.addEventListener("pointerleave", () => { if (!drag && !pinned) unmark(); });
  canvas.addEventListener("dblclick", () => zoom(4));
  return chart;
}

let drag = null;
/** Whether what is shown was chosen by key or button: it stays until the pointer really moves. */
let pinned = false;

function onWheel(chart, e) {
  const axis = axisOf(chart.canvas.clientWidth);
  const active = e.ctrlKey || e.metaKey || document.activeElement === document.getElementById("lanes");
  if (!active && !e.shiftKey) return;
  e.preventDefault();
  if (e.shiftKey) pan((e.deltaY || e.deltaX) / 600);
  else zoom(2 ** (e.deltaY / 200), axis.time(Math.max(axis.left, Math.min(axis.right, e.offsetX))));
}

function onDown(chart, e) {
  document.getElementById("lanes").focus({ preventScroll: true });
  if (e.button !== 0) return;
  drag = { x: e.offsetX, from: view.from, to: view.to, pan: e.shiftKey || e.pointerType === "touch", moved: false };
  chart.canvas.setPointerCapture(e.pointerId);
  e.preventDefault();
}

function onMove(chart, e) {
  const axis = axisOf(chart.canvas.clientWidth);
  const x = Math.max(axis.left, Math.min(axis.right, e.offsetX));
  // A page that scrolls moves beneath the pointer.
  if (pinned && e.movementX === 0 && e.movementY === 0) return;
  pinned = false;
  for (const c of charts) if (c.mark) {
    c.mark.hidden = false;
    c.mark.style.transform = `translateX(${x}px)`;
  }
  if (drag && Math.abs(e.offsetX - drag.x) > 3) drag.moved = true;
  if (!drag || !drag.moved) {
    const found = e.offsetX < axis.left || e.offsetX > axis.right ? null : chart.hover(e.offsetX, e.offsetY, axis);
    if (found) showTip(found, e.clientX, e.clientY); else hideTip();
    return;
  }
  hideTip();
  if (drag.pan) {
    const by = (drag.x - e.offsetX) * axis.perPixel;
    setView(drag.from + by, drag.to + by);
    return;
  }
  const from = Math.max(axis.left, Math.min(drag.x, x));
  chart.choose.hidden = false;
  chart.choose.style.left = `${from}px`;
  chart.choose.style.width = `${Math.max(drag.x, x) - from}px`;
}

function onUp(chart, e) {
  if (drag && drag.moved && !drag.pan) {
    const axis = axisOf(chart.canvas.clientWidth);
    const ends = [drag.x, e.offsetX].map((x) => axis.time(Math.max(axis.left, Math.min(axis.right, x))));
    setView(Math.min(...ends), Math.max(...ends));
  }
  endDrag(chart);
}

function endDrag(chart) {
  drag = null;
  chart.choose.hidden = true;
}

function unmark() {
  pinned = false;
  for (const c of charts) if (c.mark) c.mark.hidden = true;
  hideTip();
  hideHot();
}

for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => actions[button.dataset.view]());
}
