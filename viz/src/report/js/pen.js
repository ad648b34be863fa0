// Draws rectangles, lines, areas and text, on a canvas or into an SVG file.
// It does not know what they mean.

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const measuring = document.createElement("canvas").getContext("2d");
measuring.font = FONT;
const textWidth = (text) => measuring.measureText(text).width;

/** `text` as wide as `room` pixels at the most, its middle left out; empty where nothing is left. */
function fit(text, room) {
  if (text.length < 400 && textWidth(text) <= room) return text;
  const characters = [...text].slice(0, 400);
  let most = Math.floor(room / 5);
  for (; most >= 4; most--) {
    const head = Math.ceil(most / 2);
    const short = `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (most - head)).join("")}`;
    if (textWidth(short) <= room) return short;
  }
  return "";
}

/**
 * `text` with its beginning cut off as far as it must be: of a function, a task or a job the end says
 * most, and what a frame stands on says the rest. As in flame graphs that are files of their own.
 */
function fitEnd(text, room) {
  if (text.length < 400 && textWidth(text) <= room) return text;
  const characters = [...text].slice(-400);
  for (let most = Math.min(characters.length, Math.floor(room / 5)); most >= 3; most--) {
    const short = `…${characters.slice(-most).join("")}`;
    if (textWidth(short) <= room) return short;
  }
  return "";
}

/** Draws on a canvas, as sharp as the screen is. */
class CanvasPen {
  constructor(canvas) {
    const ratio = devicePixelRatio || 1;
    this.width = canvas.clientWidth;
    this.height = canvas.clientHeight;
    const [w, h] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    this.to = canvas.getContext("2d");
    this.to.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.to.clearRect(0, 0, this.width, this.height);
    this.to.font = FONT;
    this.to.textBaseline = "middle";
  }
  rect(x, y, w, h, fill) {
    this.to.fillStyle = fill;
    this.to.fillRect(x, y, w, h);
  }
  frame(x, y, w, h, stroke) {
    this.to.strokeStyle = stroke;
    this.to.lineWidth = 2;
    this.to.strokeRect(x + 1, y + 1, Math.max(0, w - 2), Math.max(0, h - 2));
  }
  text(x, y, text, fill, align = "left") {
    this.to.fillStyle = fill;
    this.to.textAlign = align;
    this.to.fillText(text, x, y);
  }
  path(points, closed) {
    this.to.beginPath();
    points.forEach(([x, y], i) => (i === 0 ? this.to.moveTo(x, y) : this.to.lineTo(x, y)));
    if (closed) this.to.closePath();
  }
  line(points, stroke, width = 1, dash = []) {
    this.path(points, false);
    this.to.strokeStyle = stroke;
    this.to.lineWidth = width;
    this.to.setLineDash(dash);
    this.to.stroke();
    this.to.setLineDash([]);
  }
  area(points, fill) {
    this.path(points, true);
    this.to.fillStyle = fill;
    this.to.fill();
  }
}

/** Writes the same as SVG. */
class SvgPen {
  constructor(width, height) {
    [this.width, this.height, this.parts] = [width, height, []];
  }
  static number(n) { return String(Math.round(n * 100) / 100); }
  put(tag, attributes, text = "") {
    const escape = (s) => String(s).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
    const all = Object.entries(attributes).map(([k, v]) => ` ${k}="${typeof v === "number" ? SvgPen.number(v) : escape(v)}"`);
    this.parts.push(`<${tag}${all.join("")}>${escape(text)}</${tag}>`);
  }
  rect(x, y, w, h, fill) { this.put("rect", { x, y, width: w, height: h, fill }); }
  frame(x, y, w, h, stroke) {
    this.put("rect", { x: x + 1, y: y + 1, width: Math.max(0, w - 2), height: Math.max(0, h - 2), fill: "none", stroke, "stroke-width": 2 });
  }
  text(x, y, text, fill, align = "left") {
    const anchor = { left: "start", center: "middle", right: "end" }[align];
    this.put("text", { x, y: y + 4, fill, "text-anchor": anchor }, text);
  }
  points(points) { return points.map((p) => p.map(SvgPen.number).join(",")).join(" "); }
  line(points, stroke, width = 1, dash = []) {
    this.put("polyline", { points: this.points(points), fill: "none", stroke, "stroke-width": width, "stroke-dasharray": dash.join(" ") });
  }
  area(points, fill) { this.put("polygon", { points: this.points(points), fill }); }
  file() {
    const size = `width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}"`;
    const style = `<style>text{font:${FONT};font-variant-numeric:tabular-nums}</style>`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${style}<rect width="100%" height="100%" fill="${colour("--page")}"/>\n${this.parts.join("\n")}\n</svg>\n`;
  }
}

/** Hands a chart over as an SVG file. */
function saveChart(chart, name) {
  const pen = new SvgPen(chart.canvas.clientWidth, chart.canvas.clientHeight);
  chart.draw(pen);
  const url = URL.createObjectURL(new Blob([pen.file()], { type: "image/svg+xml" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: `${name}.svg` });
  link.click();
  URL.revokeObjectURL(url);
}

/** A button beside a heading that saves a chart. */
function addSave(heading, chart, name) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "save", textContent: "Save SVG" });
  button.addEventListener("click", () => saveChart(chart, name));
  heading.append(button);
}
